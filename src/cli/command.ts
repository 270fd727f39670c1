import { parseArgs } from "node:util";
import { ipFamily } from "../ip/ip_literal.ts";
import { UsageError } from "./usage_error.ts";

/** An option of the command line. */
export interface OptionSpec {
  /** `boolean` for an option without a value. */
  readonly type: "string" | "boolean";
  /** Whether it may be repeated. */
  readonly multiple?: boolean;
  /** Its one-letter form. */
  readonly short?: string;
  /** The placeholder of its value in the help. */
  readonly value?: string;
  /** Its description in the help. */
  readonly help: string;
}

/** Options by their names. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** The parsed arguments of a command. */
export interface CommandInput {
  /** The command's one argument. */
  readonly argument: string;
  /** The values of an option, in order. */
  all(option: string): readonly string[];
  /** The value of an option, if given. */
  one(option: string): string | undefined;
  /** Whether an option without a value was given. */
  has(option: string): boolean;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/** A command, such as `dial`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The placeholder of its one argument. */
  readonly argument: string;
  /** The lines of its description in the help. */
  readonly description: readonly string[];
  readonly options: OptionTable;
  /** Example command lines, each with its purpose. */
  readonly examples: readonly (readonly [string, string])[];
  /** Runs the command and returns the exit code. */
  run(input: CommandInput): Promise<number>;
}

/** The option that every command has. */
export const helpOption: OptionTable = {
  help: { type: "boolean", short: "h", help: "Print this text" },
};

/** Parses the arguments of a command; returns `undefined` if they ask for its help. */
export function readInput(
  command: Command,
  args: readonly string[],
  signal: AbortSignal,
): CommandInput | undefined {
  const { values, positionals } = parse(args, { ...command.options, ...helpOption });
  if (values["help"] !== undefined) return undefined;
  const [argument, ...rest] = command.argument === "TARGET" ? joinPort(positionals) : positionals;
  if (argument === undefined) throw new UsageError(`${command.argument} is missing`);
  if (rest.length > 0) throw new UsageError(`Unexpected argument after ${command.argument}`);
  const all = (option: string) => [values[option] ?? []].flat().map(String);
  return {
    argument,
    all,
    one: (option) => all(option).at(-1),
    has: (option) => values[option] !== undefined,
    signal,
  };
}

/** Joins `host port`, as nc takes a target, to `host:port`. */
function joinPort(positionals: readonly string[]): readonly string[] {
  const [host, port] = positionals;
  if (positionals.length !== 2 || !/^\d{1,5}$/.test(port!)) return positionals;
  // `peer.example:4001 80` has one port too many, `::1 80` has not.
  const isName = /^[^/:]+$/.test(host!);
  const bare = host!.replace(/^\[(.*)\]$/, "$1");
  if (isName) return [`${host}:${port}`];
  return ipFamily(bare) === 6 ? [`[${bare}]:${port}`] : positionals;
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
    // Text after the first sentence is advice that applies to some cases only.
    throw new UsageError(message.split(/\.\s|\n/)[0], { cause: error });
  }
}

/**
 * Returns the error of an unknown option. Text that is hardly meant as an option is not quoted,
 * since it may be a secret.
 */
export function unknownOption(given: string): UsageError {
  const shown = /^--?[a-z-]{1,20}$/.test(given) ? ` '${given}'` : "";
  return new UsageError(`Unknown option${shown}`);
}
