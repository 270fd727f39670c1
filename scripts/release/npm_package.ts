import { chmodSync, copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type DenoManifest,
  parseImport,
  readDenoManifest,
  readNodeManifest,
  root,
} from "../manifest.ts";
import { moduleSpecifiers } from "./module_specifiers.ts";

/** Where both builds put the package. */
export const packageDirectory: string = join(root, "npm");

/** What the package has beside its code. */
const documents = [
  "README.md",
  "CHANGELOG.md",
  "docs/libp2p.md",
  "LICENSE-APACHE",
  "LICENSE-MIT",
];

/** Needed by `./libp2p` alone, so nobody else shall be made to install them. */
const optionalPeers = ["@libp2p/interface", "@libp2p/tcp", "@libp2p/utils"];

/** The parts of the published package.json that depend on the sources. */
export interface NpmManifest {
  name: string;
  version: string;
  license: string;
  type: "module";
  exports: Record<string, string | { types: string; default: string }>;
  bin?: Record<string, string>;
  files: string[];
  publishConfig: { access: "public" };
  engines: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional: true }>;
}

/** The published package.json, the same from both builds. */
export function npmManifest(): NpmManifest {
  const deno = readDenoManifest();
  const { description, engines } = readNodeManifest();
  const { dependencies, peers } = dependencyRanges(deno);
  const published = {
    name: deno.name,
    version: deno.version,
    description,
    license: deno.license,
    type: "module" as const,
    exports: npmExports(deno),
    ...npmBin(deno),
    files: ["esm", ...documents],
    sideEffects: false,
    // npm takes a package in a scope for private unless told otherwise.
    publishConfig: { access: "public" as const },
    engines,
    dependencies,
  };
  if (Object.keys(peers).length === 0) return published;
  const optional = Object.keys(peers).map((name) => [name, { optional: true as const }]);
  return {
    ...published,
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(optional),
  };
}

/** Turns a folder with the built `esm/` into the package: package.json, documents and the command's file. */
export function finishPackage(): void {
  const manifest = npmManifest();
  const text = JSON.stringify(manifest, undefined, 2) + "\n";
  writeFileSync(join(packageDirectory, "package.json"), text);
  mkdirSync(join(packageDirectory, "docs"), { recursive: true });
  for (const name of documents) copyFileSync(join(root, name), join(packageDirectory, name));
  for (const path of Object.values(manifest.bin ?? {})) {
    makeExecutable(join(packageDirectory, path));
  }
}

function npmExports(deno: DenoManifest): NpmManifest["exports"] {
  const entries = Object.entries(deno.exports).map(([name, path]) => [
    name,
    { types: builtPath(path, ".d.ts"), default: builtPath(path, ".js") },
  ]);
  return { ...Object.fromEntries(entries), "./package.json": "./package.json" };
}

/** Without `./`, which npm takes away when it publishes, with a warning. */
function npmBin({ exports }: DenoManifest): Pick<NpmManifest, "bin"> {
  const source = exports["./cli"];
  if (source === undefined) return {};
  return { bin: { anydial: builtPath(source, ".js").replace(/^\.\//, "") } };
}

function builtPath(source: string, extension: ".js" | ".d.ts"): string {
  return source.replace(/^\.\//, "./esm/").replace(/\.ts$/, extension);
}

/** The packages that the sources import, types included, since the declaration files name those too. */
function dependencyRanges(deno: DenoManifest): {
  dependencies: Record<string, string>;
  peers: Record<string, string>;
} {
  const sources = globSync(["mod.ts", "{src,adapters}/**/*.ts"], { cwd: root });
  const imported = new Set(
    sources.flatMap((path) => moduleSpecifiers(readFileSync(join(root, path), "utf8")))
      .map(({ specifier }) => specifier),
  );
  const packages = Object.values(deno.imports)
    .map(parseImport)
    .filter(({ registry, name }) =>
      registry === "npm" &&
      [...imported].some((specifier) => specifier === name || specifier.startsWith(`${name}/`))
    );
  const dependencies: Record<string, string> = {};
  const peers: Record<string, string> = {};
  for (const { name, range } of packages) {
    (optionalPeers.includes(name) ? peers : dependencies)[name] = range;
  }
  return { dependencies, peers };
}

function makeExecutable(path: string): void {
  const text = readFileSync(path, "utf8");
  const shebang = "#!/usr/bin/env node\n";
  if (!text.startsWith(shebang)) writeFileSync(path, shebang + text.replace(/^#!.*\n/, ""));
  chmodSync(path, 0o755);
}
