import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageDirectory } from "./npm_package.ts";
import { runProcess } from "../run_process.ts";

/** The tarball that `npm publish` would send. */
export interface PackedPackage {
  /** Where it is. */
  path: string;
  /** The paths in it. */
  files: { path: string; mode: number }[];
}

/** Packs npm/ into `directory`. */
export async function packPackage(directory: string): Promise<PackedPackage> {
  if (!existsSync(packageDirectory)) throw new Error("Cannot pack npm/: it was not built");
  const { code, output } = await runProcess(
    ["npm", "pack", "--json", "--silent", "--pack-destination", directory],
    { cwd: packageDirectory, limitMs: 60_000, output: "collect" },
  );
  if (code !== 0) throw new Error(`Cannot pack npm/: ${output}`);
  const packed = (JSON.parse(output) as { filename: string; files: PackedPackage["files"] }[])[0]!;
  return { path: join(directory, packed.filename), files: packed.files };
}
