import type { Conn } from "../core/conn.ts";
import type { OwnConn } from "../conn/own_conn.ts";
import type { ChildDial } from "./child_dial.ts";

/** What a dial holds while it is under way, and lets go of when it is over. */
export class Holdings {
  readonly #dials = new Set<ChildDial>();
  readonly #conns = new Set<OwnConn>();
  readonly #endings = new Set<(reason: unknown) => void>();

  /** Holds a dial within the dial. */
  addDial(dial: ChildDial): void {
    this.#dials.add(dial);
  }

  /** Lets go of a dial that failed. */
  removeDial(dial: ChildDial): void {
    this.#dials.delete(dial);
  }

  /** Holds a connection that the dial has made itself. */
  addConn(conn: OwnConn): void {
    this.#conns.add(conn);
  }

  /** Calls back when the dial is over; returns what undoes that. */
  addEnding(callback: (reason: unknown) => void): () => void {
    this.#endings.add(callback);
    return () => this.#endings.delete(callback);
  }

  /** Notes that a connection is carried by the one that the dial will give. */
  keep(conn: Conn): void {
    for (const dial of this.#dials) {
      if (dial.conn === conn) dial.kept = true;
    }
  }

  /** Lets go of the connection that the dial gives, and of what that carries. */
  handOver(conn: OwnConn): void {
    this.#conns.delete(conn);
    for (const dial of this.#dials) {
      if (dial.conn === conn || dial.kept) this.#dials.delete(dial);
    }
  }

  /** Gives up all that is still held. */
  release(reason: unknown): void {
    for (const dial of this.#dials) dial.giveUp(reason);
    for (const conn of this.#conns) conn.reset();
    for (const end of this.#endings) end(reason);
  }
}
