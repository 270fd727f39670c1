import type { SystemErrorCode } from "../core/dial_error_code.ts";

/** Finds out whether this process lacks descriptors, and says which error that is. */
export type ShortageProbe = () => SystemErrorCode | undefined;

let probe: ShortageProbe | undefined;

/**
 * Sets the probe of a runtime that reports a lack of descriptors as another failure. For adapters.
 *
 * @param found The probe; it must not throw.
 */
export function setShortageProbe(found: ShortageProbe): void {
  probe = found;
}

/**
 * Finds what a failure may be due to that reads as the fault of a peer or a name.
 *
 * @returns `EMFILE` or `ENFILE` if that is what this process lacks, else `undefined`.
 */
export function shortage(): SystemErrorCode | undefined {
  return probe?.();
}
