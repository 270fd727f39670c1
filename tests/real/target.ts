import { loopbackPeers } from "../../adapters/loopback/loopback_peers.ts";
import { readEach } from "../../src/testing/read_all.ts";
import type { PeerConn } from "../../adapters/loopback/peers.ts";
import { within } from "./within.ts";

/** What a target does with a connection; what it throws ends the connection. */
export type Behaviour = (conn: PeerConn) => Promise<void>;

/** A target of dials, on the loopback. */
export interface Target {
  /** Where it listens. */
  readonly address: string;
  /** Its port, for other ways to name it. */
  readonly port: string;
  /** Waits until every connection it was given is over: the other side ended it, too. */
  idle(): Promise<void>;
  /** Stops it and all its connections. */
  close(): Promise<void>;
}

/** Sends back what it gets. */
export async function echo(conn: PeerConn): Promise<void> {
  // Copied: the buffer is read into again before the write is through.
  await readEach(conn, (chunk) => void conn.write(chunk.slice()).catch(() => {}));
}

/** Starts a target. */
export async function startTarget(behaviour: Behaviour): Promise<Target> {
  const listener = await loopbackPeers().listen("tcp");
  const open = new Set<Promise<void>>();
  let closed = false;
  const accept = async () => {
    while (!closed) {
      const conn = await listener.accept();
      const over = serve(conn, behaviour).finally(() => open.delete(over));
      open.add(over);
    }
  };
  accept();
  return {
    address: listener.address,
    port: listener.address.slice(listener.address.lastIndexOf(":") + 1),
    idle: () => within("the target's connections end", allOver(open)),
    close() {
      closed = true;
      return listener.close();
    },
  };
}

async function serve(conn: PeerConn, behaviour: Behaviour): Promise<void> {
  try {
    await behaviour(conn);
    await conn.closeWrite();
    // Whoever gave it up resets it, or sends what nobody reads.
    await readEach(conn, () => {});
  } catch {
    // Cut off.
  } finally {
    conn.close();
  }
}

async function allOver(open: ReadonlySet<Promise<void>>): Promise<void> {
  while (open.size > 0) await Promise.all(open);
}
