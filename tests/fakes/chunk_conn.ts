import { BaseConn } from "../../src/conn/base_conn.ts";

/** A connection that has given chunks to read, and keeps what is written to it. */
export class ChunkConn extends BaseConn {
  readonly calls: string[] = [];
  readonly written: number[] = [];
  readonly #chunks: Uint8Array[];

  constructor(...chunks: string[]) {
    super(
      { transport: "tcp", hostname: "192.0.2.1", port: 1 },
      { transport: "tcp", hostname: "192.0.2.2", port: 2 },
    );
    this.#chunks = chunks.map((chunk) => new TextEncoder().encode(chunk));
    this.setReport({
      kind: "dial",
      label: "inner",
      startMs: 0,
      durationMs: 1,
      outcome: "ok",
      children: [],
    });
  }

  protected receive(buffer: Uint8Array): Promise<number | null> {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return Promise.resolve(null);
    const count = Math.min(buffer.byteLength, chunk.byteLength);
    buffer.set(chunk.subarray(0, count));
    if (count < chunk.byteLength) this.#chunks.unshift(chunk.subarray(count));
    return Promise.resolve(count);
  }
  protected send(data: Uint8Array): undefined {
    this.written.push(...data);
  }
  protected shutdown(): Promise<void> {
    this.calls.push("shutdown");
    return Promise.resolve();
  }
  protected destroy(reset: boolean): void {
    this.calls.push(reset ? "reset" : "close");
  }
  protected get receivedAll(): boolean {
    return true;
  }
  protected setRef(ref: boolean): void {
    this.calls.push(ref ? "ref" : "unref");
  }
  setNoDelay(noDelay = true): void {
    this.calls.push(`noDelay ${noDelay}`);
  }
  setKeepAlive(keepAlive = true): void {
    this.calls.push(`keepAlive ${keepAlive}`);
  }
}
