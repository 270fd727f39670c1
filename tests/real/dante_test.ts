import { socks4Dialer, socks5Dialer } from "../../src/proxy/mod.ts";
import type { Resolver } from "../../src/resolver/resolver.ts";
import { password, username } from "../peers/credentials.ts";
import { danteMissing, startDante } from "../peers/dante.ts";
import { realProxyTests } from "./real_proxy_tests.ts";

const localhostOnly: Resolver = {
  lookup: (host) => Promise.resolve(host === "localhost" ? ["127.0.0.1"] : []),
};

const common = {
  missing: danteMissing,
  answerAfterHalfClose: "arrives",
  answers: {
    refused: "ERR_PROXY_TARGET_REFUSED",
    unknown: "ERR_PROXY_TARGET_HOST_UNREACHABLE",
    forbidden: { port: 9, code: "ERR_PROXY_TARGET_NOT_ALLOWED" },
    silence: "proxy",
  },
} as const;

realProxyTests({
  ...common,
  name: "dante",
  start: () => startDante({ method: "none", forbiddenPort: 9 }),
  dialer: ({ address }, options) => socks5Dialer({ server: address, ...options }),
});

realProxyTests({
  ...common,
  name: "dante with credentials",
  start: () => startDante({ method: "username", forbiddenPort: 9 }),
  dialer: ({ address }, options) =>
    socks5Dialer({ server: address, credentials: { username, password }, ...options }),
  badCredentials: [
    {
      what: "a wrong password",
      dialer: ({ address }) =>
        socks5Dialer({ server: address, credentials: { username, password: "wrong-s3cret" } }),
      code: "ERR_PROXY_AUTH_FAILED",
    },
    {
      what: "no credentials",
      dialer: ({ address }) => socks5Dialer({ server: address }),
      code: "ERR_PROXY_AUTH_REQUIRED",
    },
  ],
});

// Its SOCKS4a does not work: it takes the name's place-holder for an address, and connects to 0.0.0.1.
realProxyTests({
  ...common,
  name: "dante over SOCKS4",
  start: () => startDante({ method: "none", forbiddenPort: 9 }),
  dialer: ({ address }, options) =>
    socks4Dialer({ server: address, resolve: "local", resolver: localhostOnly, ...options }),
  answers: {
    refused: "ERR_PROXY_TARGET_FAILED",
    unknown: "ENOTFOUND",
    forbidden: { port: 9, code: "ERR_PROXY_TARGET_FAILED" },
    silence: "target",
  },
});
