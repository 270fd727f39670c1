import { createServer } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { systemErrorCode } from "../../src/core/error_reason.ts";
import type { ConnectFailure, ConnectRequest } from "../../src/net/connector.ts";

/** The two ends of an attempt as they go to the runtime. */
export interface Ends {
  readonly host: string;
  readonly localAddress: string | undefined;
}

/**
 * Reads the zones of an attempt's addresses.
 *
 * @returns The addresses as every runtime takes them, or why they cannot be dialed.
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

/** Whether an IPv6 address is valid on one link only, which its zone names (RFC 4291 §2.5.6). */
export function isLinkLocal(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host);
}

/** An address with its zone as the name of an interface, or why it has none. */
function inZone(address: string): string | { reason: string } {
  const percent = address.indexOf("%");
  if (percent < 0) return address;
  const zone = address.slice(percent + 1);
  const name = interfaceOf(zone);
  // Node would connect through an unknown zone as if it were not there.
  if (name === undefined) return { reason: `no network interface "${zone}"` };
  // Elsewhere a zone says nothing, and Deno takes it for a part of a name.
  return address.slice(0, percent) + (isLinkLocal(address) ? `%${name}` : "");
}

/** The name of the interface with a name or number: Node 20 knows no numbers. */
function interfaceOf(zone: string): string | undefined {
  let interfaces;
  try {
    interfaces = networkInterfaces();
  } catch {
    // Deno without --allow-sys, whose own connect knows zones and refuses the unknown.
    return zone;
  }
  if (Object.hasOwn(interfaces, zone)) return zone;
  const isMeant = (one: NetworkInterfaceInfo) =>
    one.family === "IPv6" && one.scopeid !== 0 && String(one.scopeid) === zone;
  return Object.keys(interfaces).find((name) => interfaces[name]!.some(isMeant));
}

/** Why nothing can be bound to a local end, if so; asked after a failure that a runtime reports as something else. */
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
