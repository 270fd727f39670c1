import { danteMissing, startDante } from "../../peers/dante.ts";
import { squidMissing, startSquid } from "../../peers/squid.ts";
import type { ContextDialer } from "../../../mod.ts";
import { proxiedDialer } from "./proxied_dialer.ts";
import { SharedServer } from "./shared_server.ts";

/** A way from node to node. */
export interface Way {
  /** How the name of a test says it. */
  readonly name: string;
  /** What is missing on this machine for it. */
  readonly missing: string | undefined;
  /** The dialer through the proxy and the proxy's address; nothing for the direct way. */
  proxy(): Promise<{ dialer: ContextDialer; address: string } | undefined>;
}

/** The ways from node to node: directly, and through proxies, which are started by the first test that needs them. */
export function proxyWays(): readonly Way[] {
  const through = (name: string, missing: string | undefined, protocol: string, start: Start) => {
    const server = new SharedServer(start);
    return {
      name,
      missing,
      async proxy() {
        const { address } = await server.get();
        return { dialer: proxiedDialer(protocol, address), address };
      },
    };
  };
  return [
    { name: "directly", missing: undefined, proxy: () => Promise.resolve(undefined) },
    through("through SOCKS5", danteMissing, "socks5", () => startDante({ method: "none" })),
    through("through HTTP CONNECT", squidMissing, "http-connect", () => startSquid()),
  ];
}

type Start = () => Promise<{ readonly address: string; stop(): Promise<void> }>;
