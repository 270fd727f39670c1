import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Conn } from "../../../src/core/conn.ts";
import { type DialError, isDialError } from "../../../src/core/dial_error.ts";
import type { DialEvent } from "../../../src/core/dial_event.ts";
import type { Network } from "../../../src/core/addr.ts";
import type { ContextDialer, DialOptions } from "../../../src/core/dialer.ts";
import { readExactly } from "../../../src/testing/read_all.ts";

/** What a dial failed with, which has to be a `DialError`. */
export async function failureOf(
  dialer: ContextDialer,
  address: string,
  options?: DialOptions & { network?: Network },
): Promise<DialError> {
  const { network = "tcp", ...rest } = options ?? {};
  const dial = dialer.dialContext(network, address, rest);
  const error: unknown = await dial.then((conn) => {
    conn.close();
    return assert.fail(`${address} was dialed`);
  }, (error) => error);
  assert.ok(isDialError(error), `a DialError, not ${error}`);
  return error;
}

/** The parts of an error that tell who did what. */
export function summary(error: DialError): Pick<DialError, "code" | "phase" | "hop" | "blame"> {
  const { code, phase, hop, blame } = error;
  return { code, phase, hop, blame };
}

/** All that a program could show of a dial, for a search after secrets. */
export class Shown {
  #text = "";

  readonly onEvent = (event: DialEvent): void => this.add(event);

  add(...values: unknown[]): void {
    for (const value of values) {
      const nested = { depth: 8, maxStringLength: null, maxArrayLength: null } as const;
      this.#text += `${inspect(value, nested)}\n${String(value)}\n`;
      if (value instanceof Error) {
        this.#text += `${value.stack}\n`;
        if (value.cause !== undefined) this.add(value.cause);
      }
      if (isDialError(value)) this.add(JSON.stringify(value.report), value.errors);
    }
  }

  /** Fails if one of the secrets can be seen, also in another encoding. */
  assertHides(...secrets: string[]): void {
    for (const secret of secrets) {
      for (const form of [secret, encodeURIComponent(secret), btoa(secret)]) {
        assert.ok(!this.#text.includes(form), `${secret} shows in ${this.#text}`);
      }
    }
  }
}

/** Whether a connection carries bytes to an echo and back. */
export async function assertEchoes(conn: Conn): Promise<void> {
  const sent = Uint8Array.from({ length: 100 }, (_, index) => index);
  await conn.write(sent);
  assert.deepEqual(await readExactly(conn, 100), sent);
}
