/** An abort signal that counts its listeners. */
export class WatchedSignal {
  readonly #controller = new AbortController();
  readonly #listening = new Map<unknown, boolean>();
  /** The number of calls of `addEventListener`. */
  added = 0;

  constructor() {
    const { signal } = this.#controller;
    const { addEventListener, removeEventListener } = signal;
    const watched = {
      addEventListener: (type: string, listener: unknown, options?: { once?: boolean }) => {
        this.added++;
        this.#listening.set(listener, options?.once === true);
        Reflect.apply(addEventListener, signal, [type, listener, options]);
      },
      removeEventListener: (type: string, listener: unknown, options?: unknown) => {
        this.#listening.delete(listener);
        Reflect.apply(removeEventListener, signal, [type, listener, options]);
      },
    };
    for (const [name, value] of Object.entries(watched)) {
      Object.defineProperty(signal, name, { value });
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** The current number of listeners. */
  get listeners(): number {
    // The platform removes the `once` listeners of an aborted signal without `removeEventListener`.
    const all = [...this.#listening.values()];
    return this.signal.aborted ? all.filter((once) => !once).length : all.length;
  }
}
