import { Socket } from "node:net";

const versions: Readonly<Record<string, string | undefined>> = process.versions;

/**
 * Whether an end reported by a socket may have been a reset: before libuv 1.52, so on Node 20 and
 * 22, a reset directly after data is reported as the end (libuv/libuv#4997). Deno and Bun report a
 * libuv version, too, but have no libuv.
 */
const mistakesResets = versions["deno"] === undefined && versions["bun"] === undefined &&
  /^1\.[1-4]?[0-9]\.|^1\.5[01]\./.test(versions["uv"] ?? "");

/**
 * A socket that a failed write does not destroy: data that the peer sent before, such as its reason
 * for closing, can still be read. (Bun destroys it all the same.)
 */
export class DialSocket extends Socket {
  /** The error of a write, or of sending FIN. */
  writeError: Error | undefined;
  /** Called at the end of the peer's data. The event "end" is not emitted after a failed write. */
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
      // Starting again makes libuv read once more, which returns either the reset or the end.
      this.#endIsSure = true;
      this.pause();
      this.resume();
      return false;
    }
    this.onEnd?.();
    return super.push(null);
  }
}
