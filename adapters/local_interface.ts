import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { systemErrorCode } from "../src/core/error_reason.ts";
import type { ConnectFailure } from "../src/resolve/connector.ts";

/** Why the zone of `host` cannot be dialed, if so: Node would connect through an unknown zone as if it were not there. */
export function zoneFailure(host: string): ConnectFailure | undefined {
  const percent = host.indexOf("%");
  if (percent < 0) return undefined;
  const zone = host.slice(percent + 1);
  let interfaces;
  try {
    interfaces = networkInterfaces();
  } catch {
    // Deno without --allow-sys, whose own connect knows zones and refuses the unknown.
    return undefined;
  }
  const known = Object.hasOwn(interfaces, zone) ||
    Object.values(interfaces).some((all) =>
      all?.some((one) => one.family === "IPv6" && String(one.scopeid) === zone && one.scopeid !== 0)
    );
  return known ? undefined : { code: "EINVAL", reason: `no network interface "${zone}"` };
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
