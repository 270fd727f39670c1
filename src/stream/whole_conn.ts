import { completeConn } from "../conn/foreign_conn.ts";
import type { Conn } from "../core/conn.ts";
import { valueKind } from "../core/value_kind.ts";

/** Completes a foreign connection with the methods that the stream calls. */
export function wholeConn(given: Conn): Conn {
  const conn = completeConn(given, "tcp", "");
  if (conn === undefined) throw new TypeError(`Cannot make a stream of ${valueKind(given)}`);
  return conn;
}
