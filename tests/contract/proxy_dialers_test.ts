import { after } from "node:test";
import { httpConnectDialer, socks5Dialer, type Socks5DialerOptions } from "../../src/proxy/mod.ts";
import { testDialer } from "../../src/testing/mod.ts";
import { ca } from "../certs/certificates.ts";
import { FakeHttpProxy } from "../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks5 } from "../fakes/proxy/fake_socks5.ts";
import { startTlsFront } from "../fakes/proxy/tls_front.ts";
import { runtime } from "../runtime.ts";

const login = { username: "alice", password: "secret" };
const socks5 = await FakeSocks5.listen({ login });
const http = await FakeHttpProxy.listen({ login: "alice:secret" });
const behindTls = await FakeHttpProxy.listen();
const https = await startTlsFront(behindTls.port);
after(() => Promise.all([socks5, http, behindTls, https].map((server) => server.close())));

const hop = ({ port }: { port: number }) =>
  ({ transport: "tcp", hostname: "127.0.0.1", port }) as const;

const unsupported = [
  "unix" as const,
  // Deno.connect cannot send RST.
  ...(runtime === "deno" ? ["reset" as const] : []),
];

// The proxies run here, and Bun's `connect` says of an unreachable network that it refuses.
const unreachable = runtime === "bun" ? "REFUSED" : undefined;
const socks5Codes = {
  refused: "ERR_PROXY_TARGET_REFUSED",
  unreachable: `ERR_PROXY_TARGET_${unreachable ?? "NET_UNREACHABLE"}`,
  unknownName: "ERR_PROXY_TARGET_HOST_UNREACHABLE",
} as const;

const overSocks5 = (options?: Partial<Socks5DialerOptions>) =>
  socks5Dialer({ server: socks5.address, credentials: login, ...options });

testDialer({
  name: "socks5Dialer()",
  dialer: overSocks5(),
  unsupported,
  codes: socks5Codes,
  hops: [hop(socks5)],
  variants: {
    timeoutMs: (timeoutMs) => overSocks5({ timeoutMs }),
    resolver: (resolver) => overSocks5({ resolve: "local", resolver }),
  },
});

testDialer({
  name: "httpConnectDialer()",
  dialer: httpConnectDialer({ server: http.address, credentials: login }),
  unsupported,
  codes: {
    refused: "ERR_PROXY_TARGET_REFUSED",
    unreachable: `ERR_PROXY_TARGET_${unreachable ?? "HOST_UNREACHABLE"}`,
    unknownName: "ERR_PROXY_TARGET_NOT_FOUND",
  },
  hops: [hop(http)],
  variants: {
    timeoutMs: (timeoutMs) =>
      httpConnectDialer({ server: http.address, credentials: login, timeoutMs }),
  },
});

const overTls = httpConnectDialer({ server: https.address, tls: { ca: ca.cert } });
const overHttp = httpConnectDialer({ server: http.address, credentials: login, via: overTls });

testDialer({
  name: "SOCKS over HTTP over TLS",
  dialer: overSocks5({ via: overHttp }),
  unsupported: [
    ...unsupported,
    // Bun takes the end of what TLS brings for that of both directions.
    ...(runtime === "bun" ? ["half-close" as const] : []),
  ],
  codes: socks5Codes,
  hops: [https, http, socks5].map(hop),
  variants: {
    timeoutMs: (timeoutMs) => overSocks5({ via: overHttp, timeoutMs }),
  },
});
