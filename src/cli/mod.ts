/**
 * The command `anydial`. `anydial dial TARGET` connects standard input and output to a peer,
 * `anydial probe TARGET` shows the steps of a dial. `anydial --help` lists the rest.
 *
 * It runs as a script (`deno run -A jsr:@anydial/dialer/cli probe peer.example:4001`), or as
 * `anydial` once installed from npm. An import has no effects.
 *
 * @module
 */
import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runCli } from "./run_cli.ts";

export { runCli };

/** Whether this file is the main module, for Node before 24.2. */
function isMain(): boolean {
  const [, script] = process.argv;
  if (script === undefined || !import.meta.url.startsWith("file:")) return false;
  try {
    return realpathSync(script) === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

if ((import.meta as { main?: boolean }).main ?? isMain()) {
  process.exit(await runCli(process.argv.slice(2)));
}
