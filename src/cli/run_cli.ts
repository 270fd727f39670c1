import process from "node:process";
import { checkCommand } from "./commands/check_command.ts";
import { escapeControls } from "../observe/escape_controls.ts";
import { type Command, readInput, unknownOption } from "./command.ts";
import { dialCommand } from "./commands/dial_command.ts";
import { commandHelp, overallHelp } from "./help.ts";
import { probeCommand } from "./commands/probe_command.ts";
import { OutputClosedError, watchErrors, writeError, writeOutput } from "./standard_streams.ts";
import { UsageError } from "./usage_error.ts";
import { version } from "./version.ts";

/** All commands, in the order of the help. */
const commands: readonly Command[] = [dialCommand, probeCommand, checkCommand];

/**
 * Runs the command line. The caller should then exit with the code at once. Operations that cannot
 * be cancelled, a lookup by the system or a pending `Bun.connect`, would keep the process alive.
 *
 * @param args The arguments, without the runtime and the script.
 * @returns The exit code: 0, 1 for a failed dial or connection, 2 for an invalid command line, 130
 *   when interrupted, 141 when the standard output was closed.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  watchErrors();
  const controller = new AbortController();
  const interrupt = () => {
    // A second interrupt exits without the summary.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  try {
    return await run(args, controller.signal);
  } catch (error) {
    if (error instanceof OutputClosedError) return 141;
    const [line] = String((error as Error).message).split("\n");
    const hint = error instanceof UsageError ? ` (see ${helpFor(args)})` : "";
    await writeError(`anydial: ${escapeControls(line!)}${hint}\n`);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    process.off("SIGINT", interrupt);
  }
}

async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const [first, ...rest] = args;
  if (first === "--help" || first === "-h" || (first === "help" && rest.length === 0)) {
    await writeOutput(overallHelp(commands));
    return 0;
  }
  if (first === "--version") {
    await writeOutput(`${version}\n`);
    return 0;
  }
  if (first === undefined) throw new UsageError("COMMAND is missing");
  if (first.startsWith("-")) throw unknownOption(first);
  const command = findCommand(first === "help" ? rest[0]! : first);
  const input = first === "help" ? undefined : readInput(command, rest, signal);
  if (input !== undefined) return await command.run(input);
  await writeOutput(commandHelp(command));
  return 0;
}

function findCommand(name: string): Command {
  const command = commands.find((command) => command.name === name);
  if (command === undefined) {
    const shown = /^[a-z-]{1,20}$/.test(name) ? ` "${name}"` : "";
    throw new UsageError(`Unknown command${shown}`);
  }
  return command;
}

function helpFor([name]: readonly string[]): string {
  const command = commands.find((command) => command.name === name);
  return command === undefined ? "anydial --help" : `anydial ${command.name} --help`;
}
