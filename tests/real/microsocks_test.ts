import { socks5Dialer } from "../../src/proxy/mod.ts";
import { password, username } from "../peers/credentials.ts";
import { microsocksMissing, startMicrosocks } from "../peers/microsocks.ts";
import { realProxyTests } from "./real_proxy_tests.ts";

const common = {
  missing: microsocksMissing,
  answerAfterHalfClose: "may be lost",
  answers: {
    refused: "ERR_PROXY_TARGET_REFUSED",
    unknown: "ERR_PROXY_TARGET_FAILED",
    silence: "proxy",
  },
} as const;

// It drops what follows the greeting, so that each of these dialers finds out on the way.
realProxyTests({
  ...common,
  name: "microsocks",
  start: () => startMicrosocks("none"),
  dialer: ({ address }, options) => socks5Dialer({ server: address, ...options }),
});

realProxyTests({
  ...common,
  name: "microsocks with credentials",
  start: () => startMicrosocks("username"),
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
