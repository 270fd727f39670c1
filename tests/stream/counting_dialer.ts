import { systemDialer } from "../../adapters/system.ts";
import type { Conn } from "../../src/core/conn.ts";
import type { Network } from "../../src/core/addr.ts";
import type { ContextDialer, DialOptions } from "../../src/core/dialer.ts";

/** The system's dialer, which keeps what it dialed. */
export interface CountingDialer extends ContextDialer {
  readonly dials: { network: Network; address: string; options?: DialOptions }[];
  readonly conns: Conn[];
}

export function countingDialer(): CountingDialer {
  const dialer = systemDialer();
  const dials: CountingDialer["dials"] = [];
  const conns: Conn[] = [];
  return {
    dials,
    conns,
    async dialContext(network, address, options) {
      dials.push({ network, address, options });
      const conn = await dialer.dialContext(network, address, options);
      conns.push(conn);
      return conn;
    },
  };
}
