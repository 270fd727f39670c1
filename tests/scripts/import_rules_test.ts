import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { importCommand } from "../../scripts/check/commands.ts";
import { root } from "../../scripts/manifest.ts";
import { runProcess } from "../../scripts/run_process.ts";

interface Violation {
  from: string;
  rule: { name: string };
}

/** What dependency-cruiser finds in a folder that has mod.ts, src and adapters. */
async function cruise(cwd: string): Promise<Violation[]> {
  const command = [...importCommand, "--output-type", "json"];
  const { output } = await runProcess(command, { cwd, limitMs: 60_000, output: "collect" });
  return (JSON.parse(output) as { summary: { violations: Violation[] } }).summary.violations;
}

test("the import rules find nothing wrong with the sources", async () => {
  assert.deepEqual(await cruise(root), []);
});

const planted: [name: string, path: string, text: string, rule: string][] = [
  ["core → net", "src/core/a.ts", 'import { b } from "../net/b.ts";', "arrows of core"],
  ["core → a door", "src/core/b.ts", 'import "../../adapters/system.ts";', "arrows of core"],
  ["net → proxy", "src/net/a.ts", 'export * from "../proxy/b.ts";', "arrows of net"],
  ["adapters → proxy", "adapters/a.ts", 'import "../src/proxy/b.ts";', "arrows of adapters"],
  ["net → a door", "src/net/c.ts", 'import "../../adapters/system.ts";', "arrows of net"],
  ["adapters → testing", "adapters/b.ts", 'import "../src/testing/b.ts";', "arrows of adapters"],
  [
    "proxy → an adapter",
    "src/proxy/a.ts",
    'import "../../adapters/node/mod.ts";',
    "arrows of proxy",
  ],
  ["a type", "src/core/c.ts", 'import type { B } from "../net/b.ts";', "arrows of core"],
  ["a dynamic import", "src/core/d.ts", 'await import("../proxy/b.ts");', "arrows of core"],
  ["an import type", "src/core/e.ts", 'type B = import("../proxy/b.ts").B;', "arrows of core"],
  ["stream → tls", "src/stream/a.ts", 'import "../tls/b.ts";', "arrows of stream"],
  ["tls → proxy", "src/tls/a.ts", 'import "../proxy/b.ts";', "arrows of tls"],
  [
    "core → a package",
    "src/core/f.ts",
    'import { b } from "ipaddr.js";',
    "core imports types alone",
  ],
  ["core → Node", "src/core/g.ts", 'import { b } from "node:util";', "core imports types alone"],
  ["src → node:net", "src/stream/c.ts", 'import net from "node:net";', "runtimes in adapters"],
  ["src → node:net, dynamic", "src/proxy/c.ts", 'import("node:net");', "runtimes in adapters"],
  ["a type of node:net", "src/tls/c.ts", 'import type N from "node:net";', "runtimes in adapters"],
  ["src → bun", "src/proxy/d.ts", 'import { dns } from "bun";', "runtimes in adapters"],
  ["src → bun:ffi", "src/proxy/e.ts", 'import "bun:ffi";', "runtimes in adapters"],
  ["src → jsr", "src/proxy/f.ts", 'import "jsr:@std/io";', "runtimes in adapters"],
  ["src → libp2p", "src/proxy/g.ts", 'import "@libp2p/interface";', "libp2p in its room"],
  ["a part of it", "src/proxy/h.ts", 'import type {} from "libp2p/x";', "libp2p in its room"],
  ["adapters → libp2p", "adapters/c.ts", 'import "@libp2p/utils";', "libp2p in its room"],
  ["a room without arrows", "src/cellar/a.ts", 'import "../core/z.ts";', "no arrows yet"],
  ["no extension", "src/core/h.ts", 'import "./z";', "no such file"],
  ["a circle", "src/core/i.ts", 'import "./i2.ts";', "no circle"],
  ["a circle of types", "src/core/j.ts", 'import type {} from "./j2.ts";', "no circle"],
];

const allowed: [name: string, path: string, text: string][] = [
  ["core → core", "src/core/ok1.ts", 'import { b } from "./z.ts";'],
  ["a package's types", "src/core/ok2.ts", 'import type {} from "@multiformats/multiaddr";'],
  ["proxy → core", "src/proxy/ok1.ts", 'import { b } from "../core/z.ts";'],
  ["proxy → system.ts", "src/proxy/ok2.ts", 'import { s } from "../../adapters/system.ts";'],
  ["testing → peers", "src/testing/ok.ts", 'import "../../adapters/loopback/loopback_peers.ts";'],
  ["proxy → tls", "src/proxy/ok3.ts", 'import { b } from "../tls/b.ts";'],
  ["tls → stream", "src/tls/ok.ts", 'import { b } from "../stream/b.ts";'],
  ["cli → policy", "src/cli/ok.ts", 'import { b } from "../policy/b.ts";'],
  ["libp2p → libp2p", "src/libp2p/ok.ts", 'import { b } from "@libp2p/interface";'],
  ["adapters → node:net", "adapters/ok2.ts", 'import net from "node:net"; import "bun";'],
  ["stream → a type", "src/stream/ok.ts", 'import type { Socket } from "node:net";'],
  ["a comment", "src/core/ok3.ts", '/* import "../tls/b.ts"; */ // import "../tls/b.ts";'],
];

/** What is imported above. */
const targets: Record<string, string> = {
  "mod.ts": "",
  "adapters/system.ts": "",
  "adapters/loopback/loopback_peers.ts": "",
  "adapters/node/mod.ts": "",
  "src/core/z.ts": "",
  "src/core/i2.ts": 'import "./i.ts";',
  "src/core/j2.ts": 'import type {} from "./j.ts";',
  ...Object.fromEntries(
    ["net", "proxy", "testing", "tls", "stream", "policy"]
      .map((room) => [`src/${room}/b.ts`, "export const b = 1;"]),
  ),
};

/** The violations by the files that they are in; one run for all, made by the first who asks. */
let found: Promise<Map<string, string[]>> | undefined;

async function cruisePlanted(): Promise<Map<string, string[]>> {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  // In the repository, so that packages are found.
  const directory = mkdtempSync(join(root, ".tmp/imports-"));
  try {
    const plants = [...planted, ...allowed].map(([, path, text]) => [path, text] as const);
    for (const [path, text] of [...Object.entries(targets), ...plants]) {
      mkdirSync(join(directory, dirname(path)), { recursive: true });
      writeFileSync(join(directory, path), `${text}\n`);
    }
    const rules = new Map<string, string[]>();
    for (const { from, rule } of await cruise(directory)) {
      rules.set(from, [...rules.get(from) ?? [], rule.name]);
    }
    return rules;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

for (const [name, path, , rule] of planted) {
  test(`the import rules find a planted violation: ${name}`, async () => {
    const rules = (await (found ??= cruisePlanted())).get(path) ?? [];
    assert.equal(rules.length, 1, rules.join("\n"));
    assert.ok(rules[0]!.startsWith(rule), rules[0]);
  });
}
for (const [name, path] of allowed) {
  test(`the import rules allow: ${name}`, async () => {
    assert.deepEqual((await (found ??= cruisePlanted())).get(path) ?? [], []);
  });
}
