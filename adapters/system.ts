import { dialFailure } from "../src/core/dial_error.ts";
import type { DialErrorCode } from "../src/core/dial_error_code.ts";
import type { ContextDialer } from "../src/core/dialer.ts";
import { describeCode, systemErrorCode } from "../src/core/error_reason.ts";
import { makeDialer } from "../src/dial/compose_dialer.ts";
import {
  type NetDialerConfig,
  readNetDialerConfig,
  type SystemDialerOptions,
} from "../src/net/net_dialer_options.ts";

/**
 * Makes a dialer over the runtime's own sockets, the counterpart of Go's `net.Dialer`:
 * `Deno.connect`, `Bun.connect` or `node:net`. Lookup, RFC 8305 Happy Eyeballs, local addresses,
 * keep-alive and the time limit are the same on all runtimes.
 *
 * The first dial loads the code for the runtime. If that fails, for example because the process has
 * no file descriptor left, the dial fails with a `DialError`, and the next dial tries again.
 *
 * @example
 * const dialer = systemDialer({ timeoutMs: 5_000 });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options The options of the dialer.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable; the message names it.
 */
export function systemDialer(options: SystemDialerOptions = {}): ContextDialer {
  const config = readNetDialerConfig("systemDialer", options);
  let loaded: ContextDialer | undefined;
  const loading = makeDialer({
    ...{ name: "system", over: [] },
    async run(dial) {
      try {
        loaded ??= await load(config);
      } catch (cause) {
        const code = await loadFailureCode(cause);
        const why = describeCode(code) ?? dialFailure(cause).message;
        const reason = `the adapter for this runtime cannot be loaded: ${why}`;
        throw dial.error({ code, phase: "connect", reason, cause });
      }
      return await dial.pass(loaded);
    },
  });
  const dialContext: ContextDialer["dialContext"] = (network, address, dialOptions) =>
    (loaded ?? loading).dialContext(network, address, dialOptions);
  const dialer = { dialContext, toString: () => "system" };
  return dialer;
}

async function load(config: NetDialerConfig): Promise<ContextDialer> {
  // The capability that will be called decides, not the product's name.
  if (typeof globals.Deno?.connect === "function") {
    return (await import("./deno/deno_dialer.ts")).configuredDenoDialer(config);
  }
  if (typeof globals.Bun?.connect === "function") {
    return (await import("./bun/bun_dialer.ts")).configuredBunDialer(config);
  }
  return (await import("./node/node_dialer.ts")).configuredNodeDialer(config);
}

/** Node and Bun name exhausted descriptors in the message; other failures may not mention them. */
async function loadFailureCode(cause: unknown): Promise<DialErrorCode> {
  const named = /\b(?:EMFILE|ENFILE)\b/.exec(dialFailure(cause).message)?.[0];
  if (named !== undefined) return named as DialErrorCode;
  try {
    const { closeSync, openSync } = await import("node:fs");
    closeSync(openSync(".", "r"));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "EMFILE" || code === "ENFILE") return code;
  }
  return "ERR_DIAL_FAILED";
}

const globals = globalThis as { Deno?: { connect?: unknown }; Bun?: { connect?: unknown } };
