import { Socket } from "node:net";

/**
 * A socket that a failed write does not destroy: what the peer sent before, such as its reason for hanging up, can still be
 * read. (On Bun it is destroyed all the same.)
 */
export class DialSocket extends Socket {
  /** What a write, or sending FIN, failed with. */
  writeError: Error | undefined;
  /** Told of the end of what the peer sent. The event "end" does not come once a write has failed. */
  onEnd: (() => void) | undefined;

  override destroy(error?: Error): this {
    const { syscall } = (error ?? {}) as { syscall?: unknown };
    if (syscall !== "write" && syscall !== "shutdown") return super.destroy(error);
    this.writeError ??= error;
    return this;
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null) this.onEnd?.();
    return super.push(chunk, encoding);
  }
}
