import { after } from "node:test";

/** A server that is started by the first test that needs it, and stopped after the last. */
export class SharedServer<T extends { stop(): Promise<void> }> {
  readonly #start: () => Promise<T>;
  #started: Promise<T> | undefined;

  constructor(start: () => Promise<T>) {
    this.#start = start;
    after(async () => (await this.#started)?.stop());
  }

  get(): Promise<T> {
    return this.#started ??= this.#start();
  }
}
