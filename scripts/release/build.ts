/**
 * Makes the npm package in npm/ with tsc. The release is made by `build_npm.ts`, with the same
 * contents.
 *
 * No source maps: what is emitted is the source less its types, comments included, and reads the
 * same.
 */
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../manifest.ts";
import { moduleSpecifiers } from "./module_specifiers.ts";
import { finishPackage, packageDirectory } from "./npm_package.ts";
import { runProcess } from "../run_process.ts";

/** Builds npm/ from scratch. */
export async function buildPackage(): Promise<void> {
  rmSync(packageDirectory, { recursive: true, force: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { code } = await runProcess([process.execPath, tsc, "-p", "tsconfig.build.json"], {
    cwd: root,
    limitMs: 120_000,
    output: "show",
  });
  if (code !== 0) throw new Error(`Cannot build the package: tsc exited with ${code}`);
  for (const path of globSync("esm/**/*.d.ts", { cwd: packageDirectory })) {
    rewriteExtensions(join(packageDirectory, path));
  }
  finishPackage();
}

/**
 * tsc rewrites `.ts` to `.js` in code alone; in declarations it stays, and not every tool follows
 * it there.
 */
function rewriteExtensions(path: string): void {
  let text = readFileSync(path, "utf8");
  for (const { specifier, start, end } of moduleSpecifiers(text).reverse()) {
    if (!specifier.startsWith(".")) continue;
    text = text.slice(0, start) + specifier.replace(/\.ts$/, ".js") + text.slice(end);
  }
  writeFileSync(path, text);
}

if (import.meta.main) await buildPackage();
