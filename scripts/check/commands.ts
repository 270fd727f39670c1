import { join } from "node:path";
import { root } from "../manifest.ts";
import { runtimeBinary } from "../runtimes.ts";

/** Checks what may import what, in a folder with `mod.ts`, `src` and `adapters`. */
export const importCommand: readonly string[] = [
  ...tool("depcruise"),
  ...["--config", join(root, "scripts/check/import_rules.mjs")],
  ...["mod.ts", "src", "adapters"],
];

/**
 * Checks that the links of Markdown files lead to files and headings; links to elsewhere it leaves
 * alone.
 */
export function linkCommand(files: readonly string[]): string[] {
  return [
    ...tool("remark"),
    ...["--use", "remark-validate-links=repository:false"],
    ...["--quiet", "--frail", "--no-stdout"],
    ...files,
  ];
}

/** Checks what is in deno.json's `lint`. */
export const lintCommand: readonly string[] = [runtimeBinary("deno"), "lint", "--quiet"];

function tool(name: string): string[] {
  return [runtimeBinary("node"), join(root, "node_modules/.bin", name)];
}
