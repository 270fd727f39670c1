import { Socket } from "node:net";

const versions: Readonly<Record<string, string | undefined>> = process.versions;

/**
 * Whether what a socket calls the end may have been a reset: before libuv 1.52, so on Node 20 and 22, a reset that follows
 * on data is told as the end (libuv/libuv#4997). Deno and Bun tell a version, too, and have no libuv.
 */
const mistakesResets = versions["deno"] === undefined && versions["bun"] === undefined &&
  /^1\.[1-4]?[0-9]\.|^1\.5[01]\./.test(versions["uv"] ?? "");

/**
 * A socket that a failed write does not destroy: what the peer sent before, such as its reason for hanging up, can still be
 * read. (On Bun it is destroyed all the same.)
 */
export class DialSocket extends Socket {
  /** What a write, or sending FIN, failed with. */
  writeError: Error | undefined;
  /** Told of the end of what the peer sent. The event "end" does not come once a write has failed. */
  onEnd: (() => void) | undefined;
  #endIsSure = !mistakesResets;

  override destroy(error?: Error): this {
    const { syscall } = (error ?? {}) as { syscall?: unknown };
    if (syscall !== "write" && syscall !== "shutdown") return super.destroy(error);
    this.writeError ??= error;
    return this;
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk !== null) return super.push(chunk, encoding);
    if (!this.#endIsSure) {
      // Starting again makes libuv read once more, which gives either the reset or the end.
      this.#endIsSure = true;
      this.pause();
      this.resume();
      return false;
    }
    this.onEnd?.();
    return super.push(null);
  }
}
