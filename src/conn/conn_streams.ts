import type { Conn } from "../core/conn.ts";

const chunkBytes = 64 * 1024;

/**
 * Makes the `readable` of a connection from its `read`. Nothing is read ahead of demand.
 *
 * @param conn The connection.
 * @param ended Called when the stream is cancelled, so that later reads end too.
 */
export function readableOf(
  conn: Pick<Conn, "read">,
  ended: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: chunkBytes,
    async pull(controller) {
      const request = controller.byobRequest!;
      const count = await conn.read(request.view as Uint8Array);
      if (count === null) {
        controller.close();
        // A closed byte stream must return the buffer to its reader.
        request.respond(0);
      } else {
        request.respond(count);
      }
    },
    cancel: ended,
  }, { highWaterMark: 0 });
}

/** Makes the `writable` of a connection: closing is `closeWrite()`, aborting is `reset()`. */
export function writableOf(
  conn: Pick<Conn, "write" | "closeWrite" | "reset">,
): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    start(controller) {
      // Not by `abort()`: it waits for the pending write, and so for a peer that does not read.
      controller.signal.addEventListener("abort", () => conn.reset());
    },
    async write(chunk) {
      await conn.write(chunk);
    },
    close: () => conn.closeWrite(),
  });
}
