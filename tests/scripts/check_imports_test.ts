import assert from "node:assert/strict";
import { test } from "node:test";
import { checkImports } from "../../scripts/check/check_imports.ts";
import { readSources } from "../../scripts/check/source_imports.ts";

function problems(path: string, text: string): string[] {
  return checkImports({ path, text }).map(({ line, message }) => `${line}: ${message}`);
}

test("checkImports() finds nothing wrong with the sources", () => {
  const sources = readSources();
  assert.ok(sources.length > 10);
  assert.deepEqual(sources.flatMap(checkImports), []);
});

const planted: [name: string, path: string, text: string, expected: RegExp][] = [
  ["core → resolve", "src/core/a.ts", 'import { b } from "../resolve/b.ts";', /no arrow .*core/],
  ["core → core's adapter", "src/core/a.ts", 'import "../../adapters/system.ts";', /no arrow/],
  ["resolve → proxy", "src/resolve/a.ts", 'export * from "../proxy/b.ts";', /no arrow .*resolve/],
  ["adapters → proxy", "adapters/a.ts", 'import "../src/proxy/b.ts";', /no arrow .*adapters/],
  ["resolve → system.ts", "src/resolve/a.ts", 'import "../../adapters/system.ts";', /no arrow/],
  ["adapters → testing", "adapters/a.ts", 'import "../src/testing/b.ts";', /no arrow .*testing/],
  ["proxy → an adapter", "src/proxy/a.ts", 'import "../../adapters/node.ts";', /no arrow/],
  ["a type import", "src/core/a.ts", 'import type { B } from "../resolve/b.ts";', /no arrow/],
  ["a dynamic import", "src/core/a.ts", 'await import("../proxy/b.ts");', /no arrow/],
  ["an import type", "src/core/a.ts", 'type B = import("../proxy/b.ts").B;', /no arrow/],
  ["an unknown import", "src/core/a.ts", "await import(name);", /cannot be known/],
  ["stream → tls", "src/stream/a.ts", 'import "../tls/b.ts";', /no arrow .*stream to tls/],
  ["tls → proxy", "src/tls/a.ts", 'import "../proxy/b.ts";', /no arrow .*tls to proxy/],
  ["core → a package", "src/core/a.ts", 'import { b } from "ipaddr.js";', /core imports nothing/],
  ["src → node:net", "src/stream/a.ts", 'import net from "node:net";', /only adapters\/ may/],
  ["src → node:net, dynamic", "src/proxy/a.ts", 'await import("node:net");', /only adapters\/ may/],
  ["src → bun", "src/proxy/a.ts", 'import { dns } from "bun";', /only adapters\/ may/],
  ["src → libp2p", "src/proxy/a.ts", 'import "@libp2p/interface";', /only libp2p may/],
  ["adapters → libp2p", "adapters/a.ts", 'import "@libp2p/utils";', /only libp2p may/],
  ["a room without arrows", "src/cellar/a.ts", 'import "../core/b.ts";', /no arrows yet/],
  ["no extension", "src/core/a.ts", 'import "./b";', /without its .ts/],
  ["Deno", "src/core/a.ts", "Deno.connect({ port: 1 });", /names Deno/],
  ["Bun as a property", "src/core/a.ts", "globalThis.Bun;", /names Bun/],
  ["Deno in quotes", "src/core/a.ts", 'globalThis["Deno"];', /names Deno/],
  ["a test for Bun", "src/core/a.ts", 'const b = "Bun" in globalThis;', /names Bun/],
];
for (const [name, path, text, expected] of planted) {
  test(`checkImports() finds a planted violation: ${name}`, () => {
    const found = problems(path, `// The first line.\n${text}`);
    assert.equal(found.length, 1);
    assert.match(found[0]!, expected);
    assert.match(found[0]!, /^2: /);
  });
}

const allowed: [name: string, path: string, text: string][] = [
  ["core → core", "src/core/a.ts", 'import { b } from "./b.ts";'],
  [
    "core → a package's types",
    "src/core/a.ts",
    'import type { Multiaddr } from "@multiformats/multiaddr";',
  ],
  ["proxy → core", "src/proxy/a.ts", 'import { b } from "../core/b.ts";'],
  [
    "proxy → system.ts",
    "src/proxy/a.ts",
    'import { systemDialer } from "../../adapters/system.ts";',
  ],
  ["testing → peers", "src/testing/a.ts", 'import "../../adapters/loopback_peers.ts";'],
  ["adapters → types", "adapters/a.ts", 'import type { B } from "../src/testing/b.ts";'],
  ["proxy → tls", "src/proxy/a.ts", 'import { b } from "../tls/b.ts";'],
  ["tls → stream", "src/tls/a.ts", 'import { b } from "../stream/b.ts";'],
  ["cli → policy", "src/cli/a.ts", 'import { b } from "../policy/b.ts";'],
  ["libp2p → libp2p", "src/libp2p/a.ts", 'import { b } from "@libp2p/interface";'],
  ["adapters → node:net", "adapters/a.ts", 'import net from "node:net"; Deno; Bun;'],
  ["a sentence", "src/core/a.ts", '/** Like {@linkcode Deno.Conn}. */ const b = "Deno says no";'],
];
for (const [name, path, text] of allowed) {
  test(`checkImports() allows: ${name}`, () => {
    assert.deepEqual(problems(path, text), []);
  });
}
