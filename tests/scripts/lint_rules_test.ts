import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { lintCommand } from "../../scripts/check/commands.ts";
import { root } from "../../scripts/manifest.ts";
import { runProcess } from "../../scripts/run_process.ts";

const planted: [name: string, path: string, text: string, rule: string][] = [
  ["Deno", "src/core/a.ts", "Deno.connect({ port: 1 });", "runtime-names"],
  ["Bun as a property", "src/core/b.ts", "globalThis.Bun;", "runtime-names"],
  ["Deno in quotes", "src/core/c.ts", 'globalThis["Deno"];', "runtime-names"],
  ["a test for Bun", "src/tls/a.ts", 'export const b = "Bun" in globalThis;', "runtime-names"],
  ["a type of Deno", "src/tls/b.ts", "export type A = Deno.Conn;", "runtime-names"],
  ["Bun in mod.ts", "mod.ts", "Bun.connect({});", "runtime-names"],
  ["an unknown import", "src/core/d.ts", "await import(name);", "known-imports"],
];

const allowed: [name: string, path: string, text: string][] = [
  ["an adapter", "adapters/a.ts", "Deno.connect({ port: 1 }); Bun; await import(name);"],
  ["a test", "tests/src/a.ts", "Deno.connect({ port: 1 });"],
  ["a sentence", "src/core/e.ts", '/** See {@linkcode Deno}. */ export const b = "Deno says no";'],
  ["a known import", "src/core/f.ts", 'await import("node:dns");'],
];

let found: Promise<string[]> | undefined;

/** The files and their violations of our rules; one run for all, made by the first who asks. */
async function lintPlanted(): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "anydial-lint-"));
  try {
    for (const path of ["deno.json", "scripts/check/lint_rules.ts"]) {
      cpSync(join(root, path), join(directory, path));
    }
    for (const [, path, text] of [...planted, ...allowed]) {
      mkdirSync(join(directory, dirname(path)), { recursive: true });
      writeFileSync(join(directory, path), `${text}\n`);
    }
    const options = { cwd: directory, limitMs: 60_000, output: "collect" as const };
    const { output } = await runProcess([...lintCommand, "--json"], options);
    const { diagnostics } = JSON.parse(output.slice(output.indexOf("{"))) as {
      diagnostics: { code: string; filename: string }[];
    };
    return diagnostics.filter(({ code }) => code.startsWith("house/"))
      .map(({ code, filename }) => `${filename.split(`${directory}/`)[1]}: ${code}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

for (const [name, path, , rule] of planted) {
  test(`the lint rules find a planted violation: ${name}`, async () => {
    const lines = await (found ??= lintPlanted());
    assert.deepEqual(lines.filter((line) => line.startsWith(path)), [`${path}: house/${rule}`]);
  });
}
for (const [name, path] of allowed) {
  test(`the lint rules allow: ${name}`, async () => {
    const lines = await (found ??= lintPlanted());
    assert.deepEqual(lines.filter((line) => line.startsWith(path)), []);
  });
}
