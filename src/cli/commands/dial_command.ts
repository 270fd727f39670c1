import process from "node:process";
import type { Conn } from "../../core/conn.ts";
import { formatReport } from "../../observe/format_report.ts";
import type { Command, CommandInput } from "../command.ts";
import { dialOnce } from "./dial_once.ts";
import { dialOptions, readDialSetup } from "../dial_options.ts";
import { checkInput, closeOutput, writeError, writeOutput } from "../standard_streams.ts";
import { familyOptions, readTarget } from "../target.ts";
import { warmUp } from "../warm_up.ts";

/** `anydial dial`. */
export const dialCommand: Command = {
  name: "dial",
  summary: "connect standard input and output to TARGET",
  argument: "TARGET",
  description: [
    "What comes from standard input is sent, and what is received goes to standard",
    "output, byte for byte. The end of standard input ends the sending only (FIN):",
    "what the peer still sends is received. The peer's end closes standard output,",
    "and sending goes on until the input ends; at a terminal, and on Deno, which",
    "cannot close standard output, the command exits at the peer's end.",
  ],
  options: {
    ...dialOptions,
    ...familyOptions,
    verbose: { type: "boolean", short: "v", help: "Print how the dial went to standard error" },
  },
  examples: [
    ["anydial dial peer.example:4001", "talk to a server by hand"],
    [
      "anydial dial -t 5s /dns4/peer.example/tcp/4001 < request > reply",
      "send a file, keep the reply",
    ],
  ],
  async run(input) {
    const target = readTarget(input);
    const setup = readDialSetup(input);
    checkInput();
    await warmUp();
    const result = await dialOnce(target, setup, input.signal);
    if (input.has("verbose")) await writeError(`${formatReport(result.report)}\n`);
    if (result.outcome === "aborted") return 130;
    if (result.outcome === "failed") throw result.error;
    return await converse(result.conn, input);
  },
};

/** Copies in both directions until both have ended or one has failed. */
function converse(conn: Conn, { signal }: CommandInput): Promise<number> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => resolve(130));
    if (signal.aborted) resolve(130);
    const received = receive(conn);
    const sent = send(conn);
    // Data received before a send failure still has to be written.
    const both = Promise.allSettled([received, sent]);
    received.then(() => {
      // Else the reader of the output would wait for its end while there is input.
      if (process.stdin.isTTY || !closeOutput()) resolve(0);
    }).catch(reject);
    both.then(([, sending]) =>
      sending.status === "fulfilled" ? resolve(0) : reject(sending.reason)
    );
  });
}

async function receive(conn: Conn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let count; (count = await conn.read(buffer)) !== null;) {
    await writeOutput(buffer.subarray(0, count));
  }
}

async function send(conn: Conn): Promise<void> {
  for await (const chunk of process.stdin) await conn.write(chunk as Uint8Array);
  await conn.closeWrite();
}
