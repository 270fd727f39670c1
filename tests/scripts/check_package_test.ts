import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import { checkContents } from "../../scripts/check/check_package.ts";
import { npmManifest } from "../../scripts/release/npm_package.ts";

const expected = npmManifest();

/** A package as it should be, its files' texts by their paths. */
function goodPackage() {
  const manifest = { ...expected };
  const texts: Record<string, string> = { "package.json": "{}", "README.md": "" };
  for (const path of manifest.files.slice(1)) texts[path] = "";
  for (const entry of Object.values(manifest.exports)) {
    if (typeof entry === "string") continue;
    texts[posix.normalize(entry.types)] = "export {};";
    texts[posix.normalize(entry.default)] = "export {};";
  }
  for (const path of Object.values(manifest.bin ?? {})) {
    texts[posix.normalize(path)] = "#!/usr/bin/env node\nexport {};";
  }
  const executables = Object.values(manifest.bin ?? {}).map((path) => posix.normalize(path));
  return { manifest, texts, executables };
}

function problems({ manifest, texts, executables }: ReturnType<typeof goodPackage>): string[] {
  const files = Object.keys(texts).map((path) => ({
    path,
    mode: executables.includes(path) ? 0o755 : 0o644,
  }));
  return checkContents(manifest, expected, files, (path) => texts[path]!);
}

test("checkContents() finds nothing wrong with a good package", () => {
  assert.deepEqual(problems(goodPackage()), []);
});

type Plant = (good: ReturnType<typeof goodPackage>) => void;
const planted: [name: string, plant: Plant, message: RegExp][] = [
  ["a missing entry point", ({ texts }) => delete texts["esm/mod.js"], /^esm\/mod.js is missing/],
  ["missing types", ({ texts }) => delete texts["esm/mod.d.ts"], /^esm\/mod.d.ts is missing/],
  ["a missing licence", ({ texts }) => delete texts["LICENSE-MIT"], /^LICENSE-MIT is missing/],
  ["a source", ({ texts }) => texts["esm/a.ts"] = "", /^esm\/a.ts does not belong/],
  ["dnt's manifest", ({ texts }) => texts["esm/package.json"] = "{}", /esm\/package.json does not/],
  ["a shim", ({ texts }) => texts["esm/_dnt.shims.js"] = "", /shims.js does not belong/],
  [
    "a polyfill",
    ({ texts }) => texts["esm/_dnt.polyfills.js"] = "",
    /polyfills.js does not belong/,
  ],
  ["another version", ({ manifest }) => manifest.version = "9.9.9", /package.json's version/],
  ["a needless dependency", ({ manifest }) => manifest.dependencies = { a: "1" }, /dependencies/],
  ["a lost file", ({ texts }) => texts["esm/a.js"] = 'import "./b.js";', /imports \.\/b.js/],
  ["a .ts import", ({ texts }) => texts["esm/a.d.ts"] = 'import "./mod.ts";', /imports .\/mod.ts/],
  ["a registry import", ({ texts }) => texts["esm/a.js"] = 'import "npm:a";', /imports npm:a/],
  ["an unknown package", ({ texts }) => texts["esm/a.js"] = 'await import("a");', /imports a,/],
  ["a bare builtin", ({ texts }) => texts["esm/a.js"] = 'import "net";', /imports net,/],
];
for (const [name, plant, message] of planted) {
  test(`checkContents() finds ${name}`, () => {
    const good = goodPackage();
    plant(good);
    const found = problems(good);
    assert.ok(found.length > 0);
    assert.match(found[0]!, message);
  });
}
