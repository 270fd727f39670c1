import type { Duplex } from "node:stream";
import type { ContextDialer } from "../../core/dialer.ts";
import { connError } from "../../core/conn_error.ts";
import { valueKind } from "../../core/value_kind.ts";
import { nodeConnector, type NodeConnectorOptions } from "./node_connector.ts";

/** The options of an ioredis client that the connector reads. */
interface RedisOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string | null;
  readonly family?: number;
  readonly tls?: object | null;
  readonly sentinels?: unknown;
  readonly disconnectTimeout?: number;
}

/** A class that ioredis instantiates for each client. */
// Its own class has protected members, so no other class matches the type.
// deno-lint-ignore no-explicit-any
export type IoredisConnector = new (options: any) => any;

/**
 * Makes ioredis dial through any dialer, with TLS if its option `tls` is set.
 *
 * @example
 * const redis = new Redis({ host: "redis.example", Connector: ioredisConnector(dialer) });
 *
 * @param dialer The dialer for the connections.
 * @param options Options of the connections.
 * @returns The class for the ioredis option `Connector`. It does not support sentinels: a client
 *   with the option `sentinels` is rejected with a TypeError.
 * @throws {TypeError | RangeError} If `dialer` is no dialer, or an option is unusable; the message
 *   names it.
 */
export function ioredisConnector(
  dialer: ContextDialer,
  options: NodeConnectorOptions = {},
): IoredisConnector {
  const { connect } = nodeConnector(dialer, options);
  return class {
    readonly #options: RedisOptions;
    #connecting = false;
    #stream: Duplex | undefined;
    /** The first error of the stream, which ioredis reads once the stream is closed. */
    firstError: Error | undefined;

    constructor(options: RedisOptions) {
      if (typeof options !== "object" || options === null) {
        throw new TypeError(
          `The options of an ioredis client must be an object, not ${valueKind(options)}`,
        );
      }
      if (options.sentinels) throw new TypeError("ioredisConnector asks no sentinels");
      this.#options = options;
    }

    /** Called by ioredis for each connection. */
    connect(): Promise<Duplex> {
      const { host, port, path, family, tls } = this.#options;
      this.#connecting = true;
      const call = path ? { socketPath: path } : { host, port, family };
      const secure = tls ? { ...(typeof tls === "object" && tls), protocol: "tls:" } : undefined;
      // Deferred, because ioredis may disconnect at once.
      return Promise.resolve().then(() => {
        if (!this.#connecting) throw connError("ERR_CONN_CLOSED", "Connection is closed.");
        const stream = this.#stream = connect({ ...call, ...secure });
        this.firstError = undefined;
        return stream.once("error", (error) => this.firstError = error);
      });
    }

    /** Called by ioredis to verify the role of the server. */
    check(): boolean {
      return true;
    }

    /** Called by ioredis to end the connection. */
    disconnect(): void {
      this.#connecting = false;
      const stream = this.#stream;
      if (stream === undefined) return;
      const limit = setTimeout(() => stream.destroy(), this.#options.disconnectTimeout ?? 2_000);
      stream.once("close", () => clearTimeout(limit));
      stream.end();
    }
  };
}
