import type { SystemErrorCode } from "../core/dial_error_code.ts";

/** Checks whether this process lacks descriptors, and returns the error code. */
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
 * Checks whether a lack of descriptors caused a failure that looks like that of a peer or a name.
 *
 * @returns `EMFILE` or `ENFILE` if this process lacks descriptors, else `undefined`.
 */
export function shortage(): SystemErrorCode | undefined {
  return probe?.();
}
