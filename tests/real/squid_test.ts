import { httpConnectDialer } from "../../src/proxy/mod.ts";
import { ca } from "../certs/certificates.ts";
import { password, username } from "../peers/credentials.ts";
import { squidMissing, startSquid } from "../peers/squid.ts";
import { realProxyTests } from "./real_proxy_tests.ts";

const common = {
  missing: squidMissing,
  start: () => startSquid(9),
  answerAfterHalfClose: "may be lost",
  answers: {
    refused: "ERR_PROXY_TARGET_FAILED",
    unknown: "ERR_PROXY_TARGET_FAILED",
    forbidden: { port: 9, code: "ERR_PROXY_TARGET_NOT_ALLOWED" },
    silence: "target",
  },
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

realProxyTests({
  ...common,
  name: "squid over TLS",
  answers: { ...common.answers, silence: "proxy" },
  dialer: ({ tlsAddress }, options) =>
    httpConnectDialer({ server: tlsAddress, tls: { ca: ca.cert }, ...options }),
  badCredentials: [{
    what: "a certificate that nobody vouches for",
    dialer: ({ tlsAddress }) => httpConnectDialer({ server: tlsAddress, tls: true }),
    code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  }],
});
