import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { bunDialer } from "../../adapters/bun/mod.ts";
import { denoDialer, type DenoDialerOptions } from "../../adapters/deno/mod.ts";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import type { SystemDialerOptions } from "../../src/net/net_dialer_options.ts";
import { composeDialer } from "../../src/dial/compose_dialer.ts";
import { dialArgs } from "../../src/multiaddr/dial_args.ts";
import { dialMultiaddr } from "../../src/multiaddr/dial_multiaddr.ts";
import type { DialMultiaddrOptions } from "../../src/multiaddr/dial_multiaddr_options.ts";
import { joinHostPort, splitHostPort } from "../../src/core/host_port.ts";
import { tcp, type TcpOptions } from "../../src/libp2p/mod.ts";
import { formatReport, type FormatReportOptions } from "../../src/observe/mod.ts";
import {
  checkProxy,
  httpConnectDialer,
  type HttpConnectDialerOptions,
  type ProxyCheckOptions,
  proxyDialer,
  type ProxyDialerOptions,
  proxyFromEnv,
  type ProxyFromEnvOptions,
  type ProxyProtocolOptions,
  socks4Dialer,
  type Socks4DialerOptions,
  socks5Dialer,
  type Socks5DialerOptions,
  withProxyProtocol,
} from "../../src/proxy/mod.ts";
import {
  type ConnDuplexOptions,
  fromDuplex,
  type FromDuplexOptions,
  nodeConnector,
  type NodeConnectorOptions,
  toDuplex,
} from "../../src/stream/mod.ts";
import { testDialer, type TestDialerOptions } from "../../src/testing/mod.ts";
import { type TlsOptions, withTls } from "../../src/tls/mod.ts";
import { Duplex } from "node:stream";

const secret = "s3cr3t";
const withUser = `user:${secret}@host:1`;
/** What somebody may give in the wrong place. */
const secrets: readonly unknown[] = [
  ...[secret, withUser, `user:${secret}`, `http://user:${secret}@host:1`, `[user:${secret}]:1`],
  ...[[secret], { toString: () => secret }, new URL(`http://user:${secret}@host:1`)],
  () => secret,
];
/** Where a host belongs a bare word is one, and shows. */
const hosts = new Set(["server", "target", "serverName", "hostname"]);

/** Fails if the secret can be seen in what was thrown, or in anything that it was caused by. */
function assertHides(thrown: unknown, what: string): void {
  for (let error = thrown; error !== undefined; error = (error as Error | undefined)?.cause) {
    const { message, stack } = error as Error;
    // The stack of a test names its own source, but not what it was called with.
    const shown = [message, stack, inspect(error, { depth: 8 }), String(error)].join("\n");
    assert.ok(!shown.includes(secret), `${what}: ${shown}`);
  }
}

/** Calls, and gives what it throws or rejects with. What it gives otherwise is dropped. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
}

type Keys<Options> = Readonly<Record<keyof Options, true>>;

interface Trial {
  readonly make: (options: never) => unknown;
  readonly keys: Readonly<Record<string, true>>;
  /** What it needs besides. */
  readonly needs?: object;
}

function trial<Options>(
  make: (options: Options) => unknown,
  keys: Keys<Options>,
  needs: Partial<Options> = {},
): Trial {
  return { make, keys, needs };
}

const netKeys: Keys<SystemDialerOptions> = {
  ...{ timeoutMs: true, localAddress: true, localPort: true, attemptDelayMs: true },
  ...{ resolutionDelayMs: true, keepAlive: true, noDelay: true, resolver: true },
  preferFamily: true,
};
const serverKeys = { server: true, via: true, timeoutMs: true } as const;
const urlKeys: Keys<ProxyDialerOptions> = {
  ...{ via: true, timeoutMs: true, resolver: true, handshake: true, stallMs: true },
  ...{ isolation: true, tls: true, headers: true },
};
const tlsKeys: Keys<TlsOptions> = {
  ...{ serverName: true, verify: true, ca: true, cert: true, key: true, passphrase: true },
  ...{ alpnProtocols: true, minVersion: true, handshakeTimeoutMs: true },
};
const { alpnProtocols: _, ...proxyTLSKeys } = tlsKeys;
const nobody = systemDialer();
const server = "127.0.0.1:1";
const report = { kind: "dial", label: "", startMs: 0, durationMs: 0, children: [] } as const;
const conn = () => fromDuplex(new Duplex());

const trials: Readonly<Record<string, Trial>> = {
  systemDialer: trial<SystemDialerOptions>(systemDialer, netKeys),
  nodeDialer: trial<SystemDialerOptions>(nodeDialer, netKeys),
  bunDialer: trial<SystemDialerOptions>(bunDialer, netKeys),
  denoDialer: trial<DenoDialerOptions>(denoDialer, { ...netKeys, api: true }),
  localAddress: trial<{ ipv4?: string; ipv6?: string }>(
    (localAddress) => systemDialer({ localAddress }),
    { ipv4: true, ipv6: true },
  ),
  socks5Dialer: trial<Socks5DialerOptions>(socks5Dialer, {
    ...{ ...serverKeys, credentials: true, resolve: true, resolver: true, isolation: true },
    ...{ handshake: true, stallMs: true },
  }, { server }),
  socks4Dialer: trial<Socks4DialerOptions>(socks4Dialer, {
    ...{ ...serverKeys, userId: true, resolve: true, resolver: true },
  }, { server }),
  httpConnectDialer: trial<HttpConnectDialerOptions>(httpConnectDialer, {
    ...{ ...serverKeys, credentials: true, headers: true, tls: true },
  }, { server }),
  "the TLS of httpConnectDialer": trial<Omit<TlsOptions, "alpnProtocols">>(
    (tls) => httpConnectDialer({ server, tls }),
    proxyTLSKeys,
  ),
  "the TLS of proxyDialer": trial<Omit<TlsOptions, "alpnProtocols">>(
    (tls) => proxyDialer("https://127.0.0.1:1", { tls }),
    proxyTLSKeys,
  ),
  "SOCKS5 credentials": trial<{ username: string; password: string }>(
    (credentials) => socks5Dialer({ server, credentials }),
    { username: true, password: true },
  ),
  "HTTP credentials": trial<{ username: string; password: string }>(
    (credentials) => httpConnectDialer({ server, credentials }),
    { username: true, password: true },
  ),
  isolation: trial<{ per?: "dial"; token?: string; form?: "legacy" }>(
    (isolation) => socks5Dialer({ server, isolation }),
    { per: true, token: true, form: true },
  ),
  proxyDialer: trial<ProxyDialerOptions>((o) => proxyDialer("socks5h://127.0.0.1", o), urlKeys),
  proxyFromEnv: trial<ProxyFromEnvOptions>(proxyFromEnv, { ...urlKeys, env: true }),
  env: trial<Record<string, string>>((env) => proxyFromEnv({ env }), {
    ...{ ALL_PROXY: true, HTTPS_PROXY: true, HTTP_PROXY: true, NO_PROXY: true, tcp_proxy: true },
  }),
  checkProxy: trial<ProxyCheckOptions>((options) => checkProxy(nobody, options), {
    ...{ level: true, target: true, timeoutMs: true, signal: true, onEvent: true },
  }, { level: "tunnel", target: server }),
  withProxyProtocol: trial<ProxyProtocolOptions>((o) => withProxyProtocol(nobody, o), {
    ...{ version: true, source: true, destination: true, local: true, tlvs: true },
  }, { version: 2 }),
  "an address of withProxyProtocol": trial<{ transport: "tcp"; hostname: string; port: number }>(
    (source) => withProxyProtocol(nobody, { version: 2, source }),
    { transport: true, hostname: true, port: true },
    { transport: "tcp", hostname: "127.0.0.1", port: 1 },
  ),
  withTls: trial<TlsOptions>((options) => withTls(nobody, options), tlsKeys),
  nodeConnector: trial<NodeConnectorOptions>((options) => nodeConnector(nobody, options), {
    ...{ timeoutMs: true, tls: true, onEvent: true },
  } as Keys<NodeConnectorOptions>),
  fromDuplex: trial<FromDuplexOptions>((options) => fromDuplex(new Duplex(), options), {
    ...{ localAddr: true, remoteAddr: true },
  }),
  toDuplex: trial<ConnDuplexOptions>((o) => toDuplex(conn(), o), { allowHalfOpen: true }),
  formatReport: trial<FormatReportOptions>(
    (options) => formatReport({ ...report, outcome: "ok" }, options),
    { width: true },
  ),
  // Without a dialer it registers no tests in any case.
  testDialer: trial<TestDialerOptions>(
    (options) => testDialer({ dialer: undefined, ...Object(options) }),
    {
      ...{ name: true, dialer: true, peers: true, unsupported: true, variants: true },
      ...{ codes: true, hops: true },
    },
    { name: "it" },
  ),
  tcp: trial<TcpOptions>(tcp, {
    ...{ dialer: true, customTCPDialer: true, connectTimeoutMs: true, txtResolver: true },
    ...{ dialOpts: true, listenOpts: true, maxConnections: true, backlog: true },
    ...{ inboundSocketInactivityTimeout: true, outboundSocketInactivityTimeout: true },
    closeServerOnMaxConnections: true,
  }),
  "the dialOpts of tcp": trial<NonNullable<TcpOptions["dialOpts"]>>(
    (dialOpts) => tcp({ dialOpts }),
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: true, allowHalfOpen: true },
  ),
  dialMultiaddr: trial<DialMultiaddrOptions>(
    (options) => dialMultiaddr(nobody, "/ip4/127.0.0.1/tcp/1", options),
    { signal: true, onEvent: true, txtResolver: true },
  ),
  dialContext: trial<{ signal?: AbortSignal; onEvent?: () => void }>(
    (options) => nobody.dialContext("tcp", server, options),
    { signal: true, onEvent: true },
  ),
};

for (const [name, { make, keys, needs }] of Object.entries(trials)) {
  test(`no secret in the wrong place shows in an error of ${name}`, async () => {
    const refused = new Set<string>();
    for (const given of secrets) {
      for (const key of Object.keys(keys)) {
        if (given === secret && hosts.has(key)) continue;
        const options = { ...needs, [key]: given };
        const error = await thrownBy(() => make(options as never));
        if (error !== undefined) refused.add(key);
        assertHides(error, `${key}: ${inspect(given)}`);
      }
      if (typeof given !== "string") continue;
      const error = await thrownBy(() => make(given as never));
      // An environment variable that is none, or options that are none.
      if (name !== "isolation") assert.ok(error instanceof TypeError, `${name} takes a text`);
      assertHides(error, `options: ${given}`);
      assertHides(await thrownBy(() => make({ ...needs, [`${given} `]: 1 } as never)), "a key");
    }
    assert.ok(refused.size > 0, "it refuses some");
  });
}

test("no secret in the place of an argument shows in an error", async () => {
  const dialers = {
    systemDialer: nobody,
    socks5Dialer: socks5Dialer({ server }),
    httpConnectDialer: httpConnectDialer({ server }),
    socks4Dialer: socks4Dialer({ server, resolve: "local" }),
    withTls: withTls(nobody),
    proxyFromEnv: proxyFromEnv({ env: { ALL_PROXY: `socks5h://u:${secret}@127.0.0.1:1` } }),
    direct: proxyFromEnv({ env: {} }),
    composed: composeDialer("it", nobody, (dial) => dial.through(nobody)),
  };
  const calls: Record<string, (given: never) => unknown> = {
    "the URL of proxyDialer": (url) => proxyDialer(url),
    "the URLs of proxyDialer": (url) => proxyDialer([url]),
    checkProxy: (dialer) => checkProxy(dialer, { level: "tcp" }),
    withTls,
    withProxyProtocol: (dialer) => withProxyProtocol(dialer, { version: 1 }),
    nodeConnector,
    formatReport,
    fromDuplex,
    toDuplex,
    dialMultiaddr: (dialer) => dialMultiaddr(dialer, "/ip4/127.0.0.1/tcp/1"),
    "the multiaddr of dialMultiaddr": (ma) => dialMultiaddr(nobody, ma),
    "a part of it": (host) => dialMultiaddr(nobody, `/dns4/${host}/tcp/1`),
    dialArgs,
    "a dnsaddr": (host) => dialMultiaddr(nobody, `/dnsaddr/${host}`),
    "a part of dialArgs": (host) => dialArgs(`/ip6zone/${host}/ip6/fe80::1/tcp/1`),
    splitHostPort,
    "the port of joinHostPort": (port) => joinHostPort("h", port),
    composeDialer: (over) => composeDialer("it", over, () => assert.fail()),
    "what composeDialer runs": (run) => composeDialer("it", [], run),
  };
  for (const [name, dialer] of Object.entries(dialers)) {
    calls[`the address of ${name}`] = (address) => shownDial(dialer, "tcp", address);
    calls[`the network of ${name}`] = (network) => shownDial(dialer, network, server);
  }
  for (const [name, call] of Object.entries(calls)) {
    for (const given of secrets) {
      // A bare word is a host, and a word within a multiaddr the name of something.
      if (Array.isArray(given) && name.endsWith("proxyDialer")) continue;
      if (given === secret && /address|URL|^split|multiaddr|dialArgs/.test(name)) continue;
      if (typeof given === "function" && /dialMultiaddr|toDuplex|composeDialer runs/.test(name)) {
        continue;
      }
      if (!String(given).includes("@") && /^a (part|dnsaddr)/.test(name)) continue;
      assertHides(await thrownBy(() => call(given as never)), `${name}: ${inspect(given)}`);
    }
  }
});

/** Dials, and throws what can be seen of the dial. */
async function shownDial(
  dialer: ReturnType<typeof systemDialer>,
  network: "tcp",
  address: string,
): Promise<void> {
  const events: unknown[] = [];
  const onEvent = (event: unknown) => events.push(event);
  const error = await thrownBy(() => dialer.dialContext(network, address, { onEvent }));
  assert.ok(error instanceof Error, "it failed");
  const { report } = error as { report?: unknown };
  throw Object.assign(new Error(JSON.stringify([events, report]), { cause: error }));
}
