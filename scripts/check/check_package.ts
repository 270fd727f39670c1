/**
 * Checks the package in npm/, whichever build made it: by publint, by attw, and for what is agreed
 * here.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { root } from "../manifest.ts";
import { moduleSpecifiers } from "../release/module_specifiers.ts";
import { type NpmManifest, npmManifest, packageDirectory } from "../release/npm_package.ts";
import { type PackedPackage, packPackage } from "../release/packed_package.ts";
import { killGroupsOnSignal, runProcess } from "../run_process.ts";

/** All that is wrong with the packed package, one sentence each. */
export function checkContents(
  manifest: NpmManifest,
  expected: NpmManifest,
  files: PackedPackage["files"],
  read: (path: string) => string,
): string[] {
  const paths = files.map(({ path }) => path);
  const code = paths.filter((path) => /\.(js|d\.ts)$/.test(path));
  return [
    ...checkManifest(manifest, expected),
    ...checkPaths(manifest, paths),
    ...checkCommand(manifest, files, read),
    ...code.flatMap((path) => checkSpecifiers(path, read(path), paths, manifest)),
  ];
}

function checkManifest(manifest: NpmManifest, expected: NpmManifest): string[] {
  return Object.entries(expected)
    .filter(([field, value]) => !isDeepStrictEqual(manifest[field as keyof NpmManifest], value))
    .map(([field]) => `package.json's ${field} is not what deno.json and the sources say`);
}

function checkPaths(manifest: NpmManifest, paths: string[]): string[] {
  const targets = Object.values(manifest.exports)
    .flatMap((entry) => typeof entry === "string" ? [entry] : [entry.types, entry.default]);
  const missing = [...targets, ...manifest.files.slice(1)]
    .map((path) => posix.normalize(path))
    .filter((path) => !paths.includes(path))
    .map((path) => `${path} is missing`);
  // The shims and polyfills of dnt, which it is told to leave out, change globals. A package.json
  // in esm/, which it leaves behind, hides `sideEffects` of the package's own from bundlers.
  const wanted = /^(esm\/(?!_dnt\.).*\.(js|d\.ts)|package\.json)$/;
  const foreign = paths
    .filter((path) => !wanted.test(path) && !manifest.files.includes(path))
    .map((path) => `${path} does not belong in the package`);
  return [...missing, ...foreign];
}

function checkCommand(
  manifest: NpmManifest,
  files: PackedPackage["files"],
  read: (path: string) => string,
): string[] {
  return Object.values(manifest.bin ?? {}).map((path) => posix.normalize(path)).flatMap((path) => [
    ...(read(path).startsWith("#!/usr/bin/env node\n") ? [] : [`${path} does not begin with #!`]),
    ...(files.some((file) => file.path === path && (file.mode & 0o111) === 0o111)
      ? []
      : [`${path} is not executable`]),
  ]);
}

/** What is imported must be in the package, in its dependencies, or in Node. */
function checkSpecifiers(
  path: string,
  text: string,
  paths: string[],
  manifest: NpmManifest,
): string[] {
  const packages = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const isKnown = (specifier: string) => {
    if (specifier.startsWith(".")) {
      return paths.includes(posix.join(posix.dirname(path), specifier));
    }
    return (specifier.startsWith("node:") && isBuiltin(specifier)) ||
      packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  };
  return moduleSpecifiers(text)
    .filter(({ specifier }) => !isKnown(specifier))
    .map(({ specifier }) => `${path} imports ${specifier}, which a user does not have`);
}

async function checkPackage(): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "anydial-package-"));
  try {
    const packed = await packPackage(directory);
    const read = (path: string) => readFileSync(join(packageDirectory, path), "utf8");
    const manifest = JSON.parse(read("package.json")) as NpmManifest;
    const problems = checkContents(manifest, npmManifest(), packed.files, read);
    for (const problem of problems) console.error(problem);

    const tools = [
      ["publint/src/cli.js", "run", packageDirectory, "--strict"],
      ["@arethetypeswrong/cli/dist/index.js", packed.path, "--profile", "esm-only"],
    ];
    const codes: number[] = [];
    for (const [tool, ...args] of tools) {
      const command = [process.execPath, join(root, "node_modules", tool!), ...args];
      codes.push((await runProcess(command, { limitMs: 60_000, output: "show" })).code);
    }
    return problems.length === 0 && codes.every((code) => code === 0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  killGroupsOnSignal();
  process.exitCode = await checkPackage() ? 0 : 1;
}
