/** The end of a TCP connection. Same shape as `Deno.NetAddr`. */
export interface TcpAddr {
  /** Discriminates from {@linkcode UnixAddr}. */
  readonly transport: "tcp";
  /**
   * An IP address without brackets, zone included; a host name where only the proxy knows the
   * address.
   */
  readonly hostname: string;
  /** The TCP port, 0 to 65535. */
  readonly port: number;
}

/**
 * The end of a unix domain socket. Same shape as `Deno.UnixAddr`; an unnamed end has the path `""`.
 */
export interface UnixAddr {
  /** Discriminates from {@linkcode TcpAddr}. */
  readonly transport: "unix";
  /** The socket's path in the file system, `""` for an unnamed end. */
  readonly path: string;
}

/** One end of a connection. */
export type Addr = TcpAddr | UnixAddr;

/**
 * What to dial over, as in Go: `tcp4` and `tcp6` force the address family; for `unix` the address
 * is a path.
 */
export type Network = "tcp" | "tcp4" | "tcp6" | "unix";
