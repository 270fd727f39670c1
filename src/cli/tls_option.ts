import { readFileSync } from "node:fs";
import type { ContextDialer } from "../core/dialer.ts";
import { withTls } from "../tls/with_tls.ts";
import type { CommandInput, OptionTable } from "./command.ts";
import { UsageError } from "./usage_error.ts";

/** The options for TLS to the target. */
export const tlsOptions: OptionTable = {
  tls: { type: "boolean", help: "Use TLS, and verify the target's certificate" },
  "tls-name": {
    type: "string",
    value: "NAME",
    help: "Name to send and verify (default: the target's\nhost)",
  },
  "tls-ca": {
    type: "string",
    value: "FILE",
    help: "Trust the authorities in this PEM file, instead of\nthe runtime's",
  },
};

/**
 * Adds TLS to a dialer where the options of a command ask for it.
 *
 * @throws {UsageError} If an option is invalid, or given without `--tls`.
 */
export function readTls(dialer: ContextDialer, input: CommandInput): ContextDialer {
  const [serverName, file] = [input.one("tls-name"), input.one("tls-ca")];
  if (!input.has("tls")) {
    if (serverName === undefined && file === undefined) return dialer;
    throw new UsageError(`--tls-${serverName === undefined ? "ca" : "name"} needs --tls`);
  }
  const ca = file === undefined ? {} : { ca: readCa(file) };
  try {
    return withTls(dialer, { ...ca, ...(serverName !== undefined && { serverName }) });
  } catch (error) {
    const reason = (error as Error).message.replace(/^serverName/, "--tls-name");
    throw new UsageError(reason.replace(/^ca\b/, "--tls-ca"), { cause: error });
  }
}

function readCa(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new UsageError(`Cannot read the file of --tls-ca: ${code}`, { cause: error });
  }
}
