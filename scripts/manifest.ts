import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository, which every script works in wherever it is called from. */
export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** The part of deno.json that the scripts read. */
export interface DenoManifest {
  name: string;
  version: string;
  license: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
  tasks: Record<string, string>;
}

/** The part of package.json that the scripts read. */
export interface NodeManifest {
  name: string;
  version: string;
  private?: boolean;
  description: string;
  license: string;
  engines: Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** deno.json: the one place of the package's name, version, entry points and dependency ranges. */
export function readDenoManifest(): DenoManifest {
  return readJson("deno.json") as DenoManifest;
}

/** package.json: private in the repository; the published one is made by `npm_package.ts`. */
export function readNodeManifest(): NodeManifest {
  return readJson("package.json") as NodeManifest;
}

/** The source files of the entry points, relative to the repository, without a leading `./`. */
export function entryPointFiles(manifest: DenoManifest): string[] {
  return Object.values(manifest.exports).map((path) => path.replace(/^\.\//, ""));
}

/**
 * What an entry of deno.json's `imports` maps to: `npm:@scope/name@^1.2.3` or
 * `jsr:@scope/name@^1.2.3`.
 */
export function parseImport(target: string): { registry: string; name: string; range: string } {
  const match = /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)@([^/]+)$/.exec(target);
  if (match === null) {
    throw new TypeError(`Cannot read import "${target}": not npm:name@range or jsr:name@range`);
  }
  return { registry: match[1]!, name: match[2]!, range: match[3]! };
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(join(root, name), "utf8"));
}
