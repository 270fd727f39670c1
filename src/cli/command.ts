import { parseArgs } from "node:util";
import { UsageError } from "./usage_error.ts";

/** An option of the command line. */
export interface OptionSpec {
  /** `boolean` for one that takes no value. */
  readonly type: "string" | "boolean";
  /** Whether it may be given more than once. */
  readonly multiple?: boolean;
  /** The letter that stands for it. */
  readonly short?: string;
  /** What its value is called in the help. */
  readonly value?: string;
  /** What it does, for the help. */
  readonly help: string;
}

/** Options by their names. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** What a command is given. */
export interface CommandInput {
  /** The command's one argument. */
  readonly argument: string;
  /** The values of an option, in order. */
  all(option: string): readonly string[];
  /** The value of an option, if given. */
  one(option: string): string | undefined;
  /** Whether an option that takes no value was given. */
  has(option: string): boolean;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/** A command, such as `dial`. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What its one argument is called. */
  readonly argument: string;
  /** What it does, in lines for the help. */
  readonly description: readonly string[];
  readonly options: OptionTable;
  /** Command lines to learn from, each with what it is for. */
  readonly examples: readonly (readonly [string, string])[];
  /** Runs it, and gives the exit code. */
  run(input: CommandInput): Promise<number>;
}

/** The option that each command has. */
export const helpOption: OptionTable = {
  help: { type: "boolean", short: "h", help: "Print this text" },
};

/** Reads a command's arguments; `undefined` when they ask for its help. */
export function readInput(
  command: Command,
  args: readonly string[],
  signal: AbortSignal,
): CommandInput | undefined {
  const { values, positionals } = parse(args, { ...command.options, ...helpOption });
  if (values["help"] !== undefined) return undefined;
  const [argument, extra] = positionals;
  if (argument === undefined) throw new UsageError(`${command.argument} is missing`);
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument after ${command.argument}`);
  }
  const all = (option: string) => [values[option] ?? []].flat().map(String);
  return {
    argument,
    all,
    one: (option) => all(option).at(-1),
    has: (option) => values[option] !== undefined,
    signal,
  };
}

function parse(
  args: readonly string[],
  options: OptionTable,
): { values: Record<string, unknown>; positionals: string[] } {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short !== undefined && { short }), ...(multiple && { multiple }) },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true });
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
      throw unknownOption(/'(--?[a-z-]*)'(?:\.|$)/.exec(message)?.[1] ?? "");
    }
    // What follows the first sentence is advice that only fits some cases.
    throw new UsageError(message.split(/\.\s|\n/)[0], { cause: error });
  }
}

/**
 * The error of an option that there is not. One that can hardly be meant as an option is not
 * quoted.
 */
export function unknownOption(given: string): UsageError {
  const shown = /^--?[a-z-]{1,20}$/.test(given) ? ` '${given}'` : "";
  return new UsageError(`Unknown option${shown}`);
}
