/** The writable side of a Node stream. */
interface WritableSide {
  readonly writableEnded?: boolean;
  readonly writableFinished?: boolean;
}

/**
 * Whether the FIN of a socket is pending: libuv refuses a reset then, and Node's `resetAndDestroy`
 * would never close the socket.
 */
export function sendsFin({ writableEnded, writableFinished }: WritableSide): boolean {
  return writableEnded !== writableFinished;
}
