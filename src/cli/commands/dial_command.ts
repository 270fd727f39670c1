import process from "node:process";
import type { Conn } from "../../core/conn.ts";
import { formatReport } from "../../observe/format_report.ts";
import type { Command, CommandInput } from "../command.ts";
import { crlfEncoder } from "../crlf.ts";
import { dialOnce } from "./dial_once.ts";
import { dialOptions, readDialSetup } from "../dial_options.ts";
import { checkInput, closeOutput, writeError, writeOutput } from "../standard_streams.ts";
import { tlsOptions } from "../tls_option.ts";
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
    ...tlsOptions,
    crlf: { type: "boolean", help: "Send CRLF for each LF of the input" },
    "no-shutdown": {
      type: "boolean",
      help: "Send no FIN at the end of the input, for peers and\n" +
        "proxies that drop their answer then; the command\n" +
        "ends when the peer does",
    },
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
function converse(conn: Conn, { signal, has }: CommandInput): Promise<number> {
  const shutdown = !has("no-shutdown");
  const counts: Counts = { sent: 0, received: 0, finSent: false };
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => resolve(130));
    if (signal.aborted) resolve(130);
    const received = receive(conn, counts);
    const sent = send(conn, counts, { shutdown, crlf: has("crlf") });
    // Data received before a send failure still has to be written.
    const both = Promise.allSettled([received, sent]);
    received.then(async () => {
      const { sent, received, finSent } = counts;
      if (finSent && sent > 0 && received === 0) await writeError(shutdownHint);
      // Else the reader of the output would wait for its end while there is input.
      if (process.stdin.isTTY || !shutdown || !closeOutput()) resolve(0);
      const [, sending] = await both;
      if (sending.status === "rejected") throw sending.reason;
      resolve(0);
    }).catch(reject);
  });
}

/** For peers and proxies that take the end of what is sent for the end of the connection. */
const shutdownHint = "anydial: The peer ended after the end of the input without sending a byte; " +
  "if it should have answered, try --no-shutdown\n";

/** What has passed so far. */
interface Counts {
  /** Bytes sent and received. */
  sent: number;
  received: number;
  finSent: boolean;
}

async function receive(conn: Conn, counts: Counts): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let count; (count = await conn.read(buffer)) !== null;) {
    counts.received += count;
    await writeOutput(buffer.subarray(0, count));
  }
}

async function send(
  conn: Conn,
  counts: Counts,
  { shutdown, crlf }: { shutdown: boolean; crlf: boolean },
): Promise<void> {
  const encode = crlf ? crlfEncoder() : (chunk: Uint8Array) => chunk;
  for await (const chunk of process.stdin) {
    counts.sent += (chunk as Uint8Array).byteLength;
    await conn.write(encode(chunk as Uint8Array));
  }
  if (!shutdown) return;
  counts.finSent = true;
  await conn.closeWrite();
}
