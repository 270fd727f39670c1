import type { Socket } from "node:net";

/** Reads a socket in exact lengths, for servers that parse what a client sends. */
export class SocketReader {
  readonly #socket: Socket;
  #ended = false;
  #wake: () => void = () => {};
  readonly #onReadable: () => void = () => this.#wake();
  readonly #onEnd: () => void = () => {
    this.#ended = true;
    this.#wake();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("readable", this.#onReadable).on("close", this.#onReadable).on("end", this.#onEnd);
  }

  /** Lets somebody else read: a stream does not flow while it has a listener of "readable". */
  release(): void {
    this.#socket.off("readable", this.#onReadable).off("close", this.#onReadable);
    this.#socket.off("end", this.#onEnd);
  }

  /** Exactly `count` bytes; `undefined` if the client ended before. */
  async exactly(count: number): Promise<Uint8Array | undefined> {
    while (true) {
      if (count === 0) return new Uint8Array(0);
      const chunk = this.#socket.readableLength >= count ? this.#socket.read(count) : null;
      if (chunk !== null) return new Uint8Array(chunk);
      // Also called with too little there: that is what brings the "end" about.
      this.#socket.read(0);
      if (this.#ended || this.#socket.destroyed) return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Whatever is there, as one `recv` call gives it. */
  async some(): Promise<Uint8Array | undefined> {
    while (true) {
      const chunk = this.#socket.read();
      if (chunk !== null) return new Uint8Array(chunk);
      if (this.#ended || this.#socket.destroyed) return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Up to and with `end`; `undefined` if the client ended before, or it is longer than `limit`. */
  async until(end: string, limit: number): Promise<string | undefined> {
    let text = "";
    while (!text.endsWith(end)) {
      const byte = await this.exactly(1);
      if (byte === undefined || text.length === limit) return undefined;
      text += String.fromCharCode(byte[0]!);
    }
    return text;
  }

  /** Whether there is something that nobody has read yet. */
  get buffered(): number {
    return this.#socket.readableLength;
  }
}
