/**
 * Runs every check of the house but the tests, one line each: `npm run check`, or `npm run check --
 * lint types`.
 */
import { globSync } from "node:fs";
import { entryPointFiles, readDenoManifest, root } from "../manifest.ts";
import { killGroupsOnSignal, runProcess } from "../run_process.ts";
import { runtimeBinary } from "../runtimes.ts";
import { importCommand, linkCommand, lintCommand } from "./commands.ts";

const deno = runtimeBinary("deno");
const node = process.execPath;
const entryPoints = entryPointFiles(readDenoManifest());

// It needs JSR, which is not reachable everywhere.
const unchecked = ["scripts/release/build_npm.ts"];
const files = globSync(["{src,adapters,tests,scripts}/**/*.ts", "*.ts"], { cwd: root })
  .filter((file) => !unchecked.includes(file));

// `--no-npm`: with the packages installed, `deno doc` holds the type of another package for an
// undocumented one of ours.
const steps: Record<string, readonly string[]> = {
  "format": [deno, "fmt", "--check"],
  "lint": lintCommand,
  "types": [deno, "check", "--quiet", ...files],
  "node 20 types": [
    node,
    "node_modules/typescript/bin/tsc",
    ...["-p", "tsconfig.build.json", "--noEmit"],
  ],
  // What a user's program is held to by its own settings.
  "exact types": [
    node,
    "node_modules/typescript/bin/tsc",
    ...["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck"],
    ...["--module", "NodeNext", "--target", "ES2022", "--lib", "ES2023,ESNext.Disposable"],
    ...["--types", "node", "--allowImportingTsExtensions", "tests/stream/typed_users.ts"],
  ],
  "doc blocks": [deno, "check", "--quiet", "--doc-only", ...globSync("docs/*.md", { cwd: root })],
  "documentation": [deno, "doc", "--lint", "--no-npm", ...entryPoints],
  "imports": importCommand,
  "links": linkCommand(globSync("{*,docs/*}.md", { cwd: root })),
  "manifests": [node, "scripts/check/check_manifests.ts"],
  "jsr package": [deno, "publish", "--dry-run", "--allow-dirty"],
  "npm build": [node, "scripts/release/build.ts"],
  "npm package": [node, "scripts/check/check_package.ts"],
};

killGroupsOnSignal();
const words = process.argv.slice(2);
const wanted = Object.entries(steps).filter(([name]) =>
  words.length === 0 || words.some((word) => name.includes(word))
);
if (wanted.length === 0) throw new TypeError(`Cannot check ${words}: no step has such a name`);
for (const [name, command] of wanted) {
  const env = { NO_COLOR: "1" };
  const run = await runProcess(command, { cwd: root, env, limitMs: 180_000, output: "collect" });
  const ok = run.code === 0;
  console.log(`${name.padEnd(14)} ${ok ? "ok" : "FAILED"} ${(run.ms / 1000).toFixed(1)} s`);
  if (ok) continue;
  process.exitCode = 1;
  console.log(run.output.trimEnd());
}
