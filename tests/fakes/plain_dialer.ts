import { systemDialer } from "../../adapters/system.ts";
import type { Conn, ContextDialer } from "../../mod.ts";

/** What connections of a {@linkcode PlainDialer} have besides `read`, `write` and `close`. */
export type PlainExtra = Exclude<keyof Conn, "read" | "write" | "close">;

/**
 * A dialer of somebody else's, whose connections are plain objects that behave as those of
 * `Deno.connect` do: a write takes a part, and a second `close()` throws.
 */
export class PlainDialer implements ContextDialer {
  readonly #inner: ContextDialer = systemDialer();
  readonly #extras: readonly PlainExtra[];
  /** How many connections it has made, and how many of them are open. */
  dialed = 0;
  open = 0;

  constructor(...extras: readonly PlainExtra[]) {
    this.#extras = extras;
  }

  dialContext: ContextDialer["dialContext"] = async (network, address, { onEvent } = {}) => {
    const conn = await this.#inner.dialContext(network, address, onEvent && { onEvent });
    this.dialed++;
    this.open++;
    let closed = false;
    const plain = {
      read: (buffer: Uint8Array) => conn.read(buffer),
      write: (data: Uint8Array) => conn.write(data.subarray(0, Math.ceil(data.byteLength / 2))),
      close: () => {
        if (closed) throw new Error("Bad resource ID");
        closed = true;
        this.open--;
        conn.close();
      },
    };
    for (const extra of this.#extras) {
      const value = conn[extra];
      Object.assign(plain, { [extra]: typeof value === "function" ? value.bind(conn) : value });
    }
    return plain as unknown as Conn;
  };
}
