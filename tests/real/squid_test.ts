import { httpConnectDialer } from "../../src/proxy/mod.ts";
import { password, username } from "../peers/credentials.ts";
import { squidMissing, startSquid } from "../peers/squid.ts";
import { realProxyTests } from "./real_proxy_tests.ts";

const common = {
  missing: squidMissing,
  start: () => startSquid(9),
  answerAfterHalfClose: "may be lost",
  refusedTarget: "ERR_PROXY_TARGET_FAILED",
  unknownTarget: "ERR_PROXY_TARGET_FAILED",
  forbiddenTarget: { port: 9, code: "ERR_PROXY_TARGET_NOT_ALLOWED" },
  blamedForSilence: "target",
} as const;

realProxyTests({
  ...common,
  name: "squid",
  dialer: ({ address }, options) => httpConnectDialer({ server: address, ...options }),
});

realProxyTests({
  ...common,
  name: "squid with Basic",
  dialer: ({ basicAddress }, options) =>
    httpConnectDialer({ server: basicAddress, credentials: { username, password }, ...options }),
  badCredentials: [
    {
      what: "a wrong password",
      dialer: ({ basicAddress }) =>
        httpConnectDialer({
          server: basicAddress,
          credentials: { username, password: "wrong-s3cret" },
        }),
      code: "ERR_PROXY_AUTH_FAILED",
    },
    {
      what: "no credentials",
      dialer: ({ basicAddress }) => httpConnectDialer({ server: basicAddress }),
      code: "ERR_PROXY_AUTH_REQUIRED",
    },
  ],
});
