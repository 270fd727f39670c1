import type { Conn } from "../core/conn.ts";
import type { OwnConn } from "../conn/own_conn.ts";
import type { ChildDial } from "./child_dial.ts";

/** The resources of a pending dial, released when it ends. */
export class Holdings {
  readonly #dials = new Set<ChildDial>();
  readonly #conns = new Set<OwnConn>();
  readonly #endings = new Set<(reason: unknown) => void>();

  /** Adds a dial within the dial. */
  addDial(dial: ChildDial): void {
    this.#dials.add(dial);
  }

  /** Removes a dial that failed. */
  removeDial(dial: ChildDial): void {
    this.#dials.delete(dial);
  }

  /** Adds a connection that the dial itself has made. */
  addConn(conn: OwnConn): void {
    this.#conns.add(conn);
  }

  /** Calls back when the dial ends; returns the function that undoes this. */
  addEnding(callback: (reason: unknown) => void): () => void {
    this.#endings.add(callback);
    return () => this.#endings.delete(callback);
  }

  /** Marks a connection as carried by the one that the dial will return. */
  keep(conn: Conn): void {
    for (const dial of this.#dials) {
      if (dial.conn === conn) dial.kept = true;
    }
  }

  /** Removes the returned connection, and the connections that it carries. */
  handOver(conn: OwnConn): void {
    this.#conns.delete(conn);
    for (const dial of this.#dials) {
      if (dial.conn === conn || dial.kept) this.#dials.delete(dial);
    }
  }

  /** Releases all remaining resources. */
  release(reason: unknown): void {
    for (const dial of this.#dials) dial.giveUp(reason);
    for (const conn of this.#conns) conn.reset();
    for (const end of this.#endings) end(reason);
  }
}
