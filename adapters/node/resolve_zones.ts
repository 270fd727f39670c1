import { createServer } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { systemErrorCode } from "../../src/core/error_reason.ts";
import type { ConnectFailure, ConnectRequest } from "../../src/net/connector.ts";

/** The two ends of an attempt in the runtime's form. */
export interface Ends {
  readonly host: string;
  readonly localAddress: string | undefined;
}

/**
 * Resolves the zones in an attempt's addresses.
 *
 * @returns The addresses in a form that every runtime accepts, or why they cannot be dialed.
 */
export function resolveZones(
  { host, localAddress }: Pick<Exclude<ConnectRequest, { path: string }>, "host" | "localAddress">,
): Ends | ConnectFailure {
  if (!host.includes("%") && !localAddress?.includes("%")) return { host, localAddress };
  const remote = inZone(host);
  if (typeof remote !== "string") return { code: "EINVAL", ...remote };
  const local = localAddress && inZone(localAddress);
  if (typeof local === "object") return { code: "EADDRNOTAVAIL", ...local };
  return { host: remote, localAddress: local };
}

/** Whether an IPv6 address is link-local, so that its zone matters (RFC 4291 §2.5.6). */
export function isLinkLocal(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host);
}

/** Replaces an address's zone by the name of the interface, or returns why there is none. */
function inZone(address: string): string | { reason: string } {
  const percent = address.indexOf("%");
  if (percent < 0) return address;
  const zone = address.slice(percent + 1);
  const name = interfaceOf(zone);
  // Node would ignore an unknown zone and connect anyway.
  if (name === undefined) return { reason: `no network interface "${zone}"` };
  // Other addresses need no zone, and Deno would read it as part of a name.
  return address.slice(0, percent) + (isLinkLocal(address) ? `%${name}` : "");
}

/** The name of an interface by its name or number: Node 20 supports no numbers. */
function interfaceOf(zone: string): string | undefined {
  let interfaces;
  try {
    interfaces = networkInterfaces();
  } catch {
    // Deno without --allow-sys: its own connect resolves zones and refuses unknown ones.
    return zone;
  }
  if (Object.hasOwn(interfaces, zone)) return zone;
  const isMeant = (one: NetworkInterfaceInfo) =>
    one.family === "IPv6" && one.scopeid !== 0 && String(one.scopeid) === zone;
  return Object.keys(interfaces).find((name) => interfaces[name]!.some(isMeant));
}

/**
 * Why a local end cannot be bound, if so; called after a failure that a runtime reports as another
 * one.
 */
export function bindFailure(
  localAddress: string,
  localPort: number = 0,
): Promise<ConnectFailure | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (cause) => {
      const code = systemErrorCode(cause);
      resolve(
        code === undefined
          ? undefined
          : { code: code === "EINVAL" ? "EADDRNOTAVAIL" : code, cause },
      );
    });
    server.listen(
      { host: localAddress, port: localPort, exclusive: true },
      () => server.close(() => resolve(undefined)),
    );
  });
}
