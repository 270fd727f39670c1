/** What a process held at one moment, after its garbage was collected. */
export interface Held {
  readonly descriptors: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly residentBytes: number;
}

/** What a soak came to. */
export interface SoakResult {
  /** How many of each kind there were. */
  readonly cycles: Record<string, number>;
  /** How often what should have gone well failed, and how. */
  readonly failures: Record<string, number>;
  /** Exceptions and rejections that nobody caught. */
  readonly uncaught: string[];
  /** In order of time. */
  readonly looks: Held[];
}
