import { type Command, helpOption, type OptionSpec, type OptionTable } from "./command.ts";

/** The help of the program. */
export function overallHelp(commands: readonly Command[]): string {
  return lines(
    "anydial: dial TCP and unix addresses and multiaddrs, and see how it went",
    "",
    "Usage: anydial COMMAND [OPTIONS] TARGET|PROXY",
    "",
    "Commands:",
    ...table(commands.map(({ name, summary }) => [name, summary])),
    "",
    ...targetHelp,
    "",
    "Options:",
    ...table([["-h, --help", "Print this text; after a command, that command's"], [
      "    --version",
      "Print the version",
    ]]),
    "",
    ...exitCodeHelp,
  );
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  return lines(
    `anydial ${command.name}: ${command.summary}`,
    "",
    `Usage: anydial ${command.name} [OPTIONS] ${command.argument}`,
    "",
    ...command.description,
    "",
    ...(command.argument === "TARGET" ? [...targetHelp, ""] : []),
    "Options:",
    ...table(optionRows({ ...command.options, ...helpOption })),
    "",
    "Examples:",
    ...command.examples.flatMap(([line, purpose]) => [`  # ${purpose}`, `  ${line}`]),
    "",
    ...exitCodeHelp,
  );
}

const targetHelp = [
  "TARGET is one of",
  ...table([
    ["host:port", "peer.example:4001, 192.0.2.1:4001, [2001:db8::1]:4001"],
    ["host port", "the same as nc takes it: peer.example 4001, 2001:db8::1 4001"],
    ["a multiaddr", "/dns4/peer.example/tcp/4001, /dnsaddr/peer.example"],
    ["unix:PATH", "unix:/run/peer.sock"],
  ]),
];

const exitCodeHelp = [
  "Exit codes:",
  ...table([
    ["0", "all went well"],
    ["1", "a dial failed, or the connection broke"],
    ["2", "the command line cannot be read"],
    ["130", "interrupted (SIGINT)"],
    ["141", "standard output was closed (SIGPIPE)"],
  ]),
];

function optionRows(options: OptionTable): [string, string][] {
  return Object.entries(options).map(([name, spec]) => [optionForm(name, spec), spec.help]);
}

function optionForm(name: string, { short, value }: OptionSpec): string {
  const letter = short === undefined ? "    " : `-${short}, `;
  return `${letter}--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** Formats rows of two columns; a line break in the second column continues in that column. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) =>
    right.split("\n").map((line, index) => `  ${(index === 0 ? left : "").padEnd(width)}  ${line}`)
  );
}

function lines(...all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
