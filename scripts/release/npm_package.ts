import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type DenoManifest,
  parseImport,
  readDenoManifest,
  readNodeManifest,
  root,
} from "../manifest.ts";

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

/** The parts of the published package.json that are checked. */
export interface NpmManifest {
  name: string;
  version: string;
  license: string;
  type: "module";
  exports: Record<string, string | { types: string; default: string }>;
  bin?: Record<string, string>;
  files: string[];
  description: string;
  sideEffects: false;
  publishConfig: { access: "public" };
  engines: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: true }>;
}

/** The published package.json, the same from both builds. */
export function npmManifest(): NpmManifest {
  const deno = readDenoManifest();
  const { description, engines } = readNodeManifest();
  const { dependencies, peers } = dependencyRanges(deno);
  const optional = Object.keys(peers).map((name) => [name, { optional: true as const }]);
  return {
    name: deno.name,
    version: deno.version,
    description,
    license: deno.license,
    type: "module" as const,
    exports: npmExports(deno),
    ...npmBin(deno),
    files: ["esm", ...documents],
    sideEffects: false as const,
    // npm takes a package in a scope for private unless told otherwise.
    publishConfig: { access: "public" as const },
    engines,
    dependencies,
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(optional),
  };
}

/**
 * Turns a folder with the built `esm/` into the package: package.json, documents and the command's
 * file.
 */
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

/** What deno.json maps to npm; types are needed, too, since the declaration files name them. */
function dependencyRanges(
  deno: DenoManifest,
): Record<"dependencies" | "peers", Record<string, string>> {
  const ranges = {
    dependencies: {} as Record<string, string>,
    peers: {} as Record<string, string>,
  };
  for (const { registry, name, range } of Object.values(deno.imports).map(parseImport)) {
    if (registry !== "npm") continue;
    ranges[optionalPeers.includes(name) ? "peers" : "dependencies"][name] = range;
  }
  return ranges;
}

function makeExecutable(path: string): void {
  const text = readFileSync(path, "utf8");
  const shebang = "#!/usr/bin/env node\n";
  if (!text.startsWith(shebang)) writeFileSync(path, shebang + text.replace(/^#!.*\n/, ""));
  chmodSync(path, 0o755);
}
