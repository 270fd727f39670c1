/** What a callback of a caller may throw: an error, no error, and an object whose getters throw. */
export function thrownValues(): unknown[] {
  const refuses = (): never => {
    throw new Error("do not ask");
  };
  const hostile = {
    get code(): string {
      return refuses();
    },
    get message(): string {
      return refuses();
    },
    toString: refuses,
  };
  return [new Error("the caller's bug"), "a word", undefined, null, 0, Symbol("x"), {}, hostile];
}

/** The ways in which a callback fails with a value: at once, or by the promise that it answers. */
export function waysToFail(thrown: unknown): (() => Promise<never>)[] {
  return [
    () => {
      throw thrown;
    },
    () => Promise.reject(thrown),
    // A promise of somebody else's.
    () => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject(thrown) }) as never,
  ];
}
