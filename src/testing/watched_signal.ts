/** An abort signal that counts who listens to it. */
export class WatchedSignal {
  readonly #controller = new AbortController();
  readonly #listening = new Map<unknown, boolean>();
  /** How often somebody began to listen. */
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

  /** How many listen now. */
  get listeners(): number {
    // The platform itself removes those of a signal that has fired once.
    const all = [...this.#listening.values()];
    return this.signal.aborted ? all.filter((once) => !once).length : all.length;
  }
}
