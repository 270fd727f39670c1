import type { Addr } from "../core/addr.ts";
import { ipFamily } from "../ip/ip_literal.ts";

/** The result of {@linkcode ConnDuplex.address} for a TCP connection. */
export interface DuplexAddress {
  /** The local IP address. */
  address: string;
  /** Its family. */
  family: "IPv4" | "IPv6";
  /** The local port. */
  port: number;
}

/** The host of an address, as a `net.Socket` has it. */
export function hostOf(addr: Addr | undefined): string | undefined {
  return addr?.transport === "tcp" ? addr.hostname : undefined;
}

/** The port of an address, as a `net.Socket` has it. */
export function portOf(addr: Addr | undefined): number | undefined {
  return addr?.transport === "tcp" ? addr.port : undefined;
}

/** The family of an address, as a `net.Socket` has it. */
export function familyOf(addr: Addr | undefined): "IPv4" | "IPv6" | undefined {
  const family = ipFamily(hostOf(addr) ?? "");
  return family === undefined ? undefined : `IPv${family}`;
}
