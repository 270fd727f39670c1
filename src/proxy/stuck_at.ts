import type { DialPhase } from "../core/dial_error.ts";

/** Where a dial was when it was given up. */
export interface StuckAt {
  /** The proxy that it was waiting for, redacted. */
  readonly hop: string;
  readonly phase: DialPhase;
  /** What was being waited for, as the end of a sentence. */
  readonly waiting: string;
  /** Which side was silent, as far as that hop can tell. */
  readonly blame?: "proxy" | "target";
}

/**
 * Kept by the reason of the abort, which is all that the dialers of a chain share: the outermost one has the deadline, and
 * must name the hop that did not answer.
 */
const notes = new WeakMap<WeakKey, StuckAt>();

/**
 * Notes where a dial is stuck, after the dials that it waits for have noted it.
 *
 * @param reason The reason of the abort.
 * @param own Where this dial is.
 * @param waitsFor Which other dial it waits for, that may know better: one of its proxy, or of its target by the same proxy.
 * @returns Where it really is stuck.
 */
export function noteStuck(
  reason: unknown,
  own: StuckAt,
  waitsFor: "proxy" | "target" | undefined,
): StuckAt {
  if (typeof reason !== "object" || reason === null) return own;
  const inner = waitsFor && notes.get(reason);
  // The target of a proxy within the chain is the next proxy.
  const at: StuckAt = inner === undefined
    ? own
    : waitsFor === "proxy" && inner.blame === "target"
    ? { ...inner, hop: own.hop, blame: "proxy" }
    : inner;
  notes.set(reason, at);
  return at;
}

/**
 * Tells where a dial was stuck that was given up.
 *
 * @param reason What its signal was aborted with: an object of that dial alone.
 * @returns Where it was, if it was waiting for a proxy.
 */
export function stuckAt(reason: WeakKey): StuckAt | undefined {
  return notes.get(reason);
}
