/** What a Node stream tells of its writable side. */
interface WritableSide {
  readonly writableEnded?: boolean;
  readonly writableFinished?: boolean;
}

/**
 * Tells whether the FIN of a socket is under way: libuv refuses a reset then, and Node's `resetAndDestroy` would leave the
 * socket open for good.
 */
export function sendsFin({ writableEnded, writableFinished }: WritableSide): boolean {
  return writableEnded !== writableFinished;
}
