/**
 * Checks that deno.json, package.json, the lock file, the changelog and the documents tell the same
 * story.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type DenoManifest,
  type NodeManifest,
  parseImport,
  readDenoManifest,
  readNodeManifest,
  root,
} from "../manifest.ts";

/** What the package's files say, so that a test can say something else. */
export interface ManifestFiles {
  deno: DenoManifest;
  node: NodeManifest;
  lockFile: string;
  npmConfig: string;
  changelog: string;
  /** The documents' texts by their names. */
  documents: Record<string, string>;
}

/** All that does not agree, one sentence each. */
export function checkManifests(files: ManifestFiles): string[] {
  return [
    ...compareFields(files.deno, files.node),
    ...compareDependencies(files.deno, files.node),
    ...compareTasks(files.deno, files.node),
    ...checkEntryPoints(files.deno),
    ...checkLockFile(files.lockFile, files.deno),
    ...checkNpmConfig(files.npmConfig),
    ...checkChangelog(files.changelog, files.deno),
    ...Object.entries(files.documents).flatMap(([name, text]) => [
      ...checkSubpaths(name, text, files.deno),
      ...checkPaths(name, text),
    ]),
  ];
}

function compareFields(deno: DenoManifest, node: NodeManifest): string[] {
  const problems = (["name", "version", "license"] as const)
    .filter((field) => deno[field] !== node[field])
    .map((field) => `${field} is "${deno[field]}" in deno.json, "${node[field]}" in package.json`);
  if (node.private !== true) {
    problems.push("package.json is not private, and would publish sources");
  }
  return problems;
}

function compareDependencies(deno: DenoManifest, node: NodeManifest): string[] {
  const problems: string[] = [];
  const imported = Object.entries(deno.imports).map(([alias, target]) => {
    const parsed = parseImport(target);
    if (alias !== parsed.name) problems.push(`deno.json maps "${alias}" to the package ${target}`);
    return parsed;
  }).filter(({ registry }) => registry === "npm");

  for (const { name, range } of imported) {
    const wanted = node.dependencies[name];
    // An optional peer is a pinned tool here: the range must at least begin at what is tested.
    const pinned = node.devDependencies[name];
    if (wanted === range || (wanted === undefined && `^${pinned}` === range)) continue;
    problems.push(
      `${name} is ${range} in deno.json, ${wanted ?? pinned ?? "missing"} in package.json`,
    );
  }
  const names = imported.map(({ name }) => name);
  for (const name of Object.keys(node.dependencies)) {
    if (!names.includes(name)) problems.push(`${name} is in package.json, but not in deno.json`);
  }
  return problems;
}

/**
 * A task must hand over to the script: `deno task` would read node_modules/.bin/node, an
 * executable, as JavaScript. Without the `--` it would also take `npm run` for itself.
 */
function compareTasks(deno: DenoManifest, node: NodeManifest): string[] {
  const scripts = Object.keys(node.scripts);
  return [
    ...scripts.filter((name) => deno.tasks[name] !== `npm run ${name} --`)
      .map((name) => `deno.json's task "${name}" is not "npm run ${name} --"`),
    ...Object.keys(deno.tasks).filter((name) => !scripts.includes(name))
      .map((name) => `deno.json's task "${name}" is no script of package.json`),
  ];
}

function checkEntryPoints(deno: DenoManifest): string[] {
  return Object.entries(deno.exports)
    .filter(([, path]) => !existsSync(join(root, path)))
    .map(([name, path]) => `entry point "${name}" has no file: ${path}`);
}

function checkLockFile(lockFile: string, deno: DenoManifest): string[] {
  const lock = JSON.parse(lockFile) as {
    version: string;
    packages: Record<string, { version?: string; resolved?: string; link?: boolean }>;
  };
  const problems = Object.entries(lock.packages)
    // A package of this repository is a link to its folder.
    .filter(([, { resolved, link }]) => resolved !== undefined && link !== true)
    .map(([path]) => `package-lock.json says where ${path} was downloaded from`);
  if (lock.version !== deno.version || lock.packages[""]?.version !== deno.version) {
    problems.push(`package-lock.json is not of version ${deno.version}`);
  }
  return problems;
}

/** Whoever clones this has a registry of their own. */
function checkNpmConfig(npmConfig: string): string[] {
  return npmConfig.split("\n")
    .filter((line) => /^\s*(@[^:]+:)?registry\s*=|\/\//.test(line))
    .map((line) => `.npmrc names a registry: ${line.split("=")[0]}`);
}

function checkChangelog(changelog: string, deno: DenoManifest): string[] {
  const heading = new RegExp(`^## \\[?${deno.version.replaceAll(".", "\\.")}\\b`, "m");
  return heading.test(changelog) ? [] : [`CHANGELOG.md has no heading "## ${deno.version}"`];
}

/** Every `@anydial/dialer/x` in a document must be an entry point. */
function checkSubpaths(document: string, text: string, deno: DenoManifest): string[] {
  const name = deno.name.replaceAll("/", "\\/");
  const mentioned = text.matchAll(new RegExp(`${name}(?:@[\\w.^~-]+)?\\/([\\w/-]+)`, "g"));
  return [...new Set([...mentioned].map((match) => `./${match[1]}`))]
    .filter((subpath) => !(subpath in deno.exports))
    .map((subpath) => `${document} names ${deno.name}${subpath.slice(1)}, which is no entry point`);
}

/**
 * Every path of the repository that a document names must be there; its links are remark's matter.
 */
function checkPaths(document: string, text: string): string[] {
  const paths = text.matchAll(/(?<![\w/.@-])(?:src|adapters|scripts|tests|docs|\.ci)\/[\w./-]*/g);
  return [...new Set([...paths].map(([path]) => path.replace(/\.$/, "")))]
    .filter((path) => !existsSync(join(root, path)))
    .map((path) => `${document} names ${path}, which is not there`);
}

function readManifestFiles(): ManifestFiles {
  const read = (name: string) => readFileSync(join(root, name), "utf8");
  const names = globSync("{*,docs/*}.md", { cwd: root });
  return {
    deno: readDenoManifest(),
    node: readNodeManifest(),
    lockFile: read("package-lock.json"),
    npmConfig: read(".npmrc"),
    changelog: read("CHANGELOG.md"),
    documents: Object.fromEntries(names.map((name) => [name, read(name)])),
  };
}

if (import.meta.main) {
  const problems = checkManifests(readManifestFiles());
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
