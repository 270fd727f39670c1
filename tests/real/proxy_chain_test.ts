import { httpConnectDialer } from "../../src/proxy/mod.ts";
import { password, username } from "../peers/credentials.ts";
import { startProxyChain } from "../peers/proxy_chain.ts";
import { realProxyTests } from "./real_proxy_tests.ts";

// What it cannot reach, it answers by hanging up, for which nobody is blamed.
const common = {
  answerAfterHalfClose: "arrives",
  answers: { refused: "ERR_PROXY_CLOSED", unknown: "ERR_PROXY_CLOSED", silence: "target" },
} as const;

realProxyTests({
  ...common,
  name: "proxy-chain",
  start: () => startProxyChain("none"),
  dialer: ({ address }, options) => httpConnectDialer({ server: address, ...options }),
});

realProxyTests({
  ...common,
  name: "proxy-chain with Basic",
  start: () => startProxyChain("basic"),
  dialer: ({ address }, options) =>
    httpConnectDialer({ server: address, credentials: { username, password }, ...options }),
  badCredentials: [
    {
      what: "a wrong password",
      dialer: ({ address }) =>
        httpConnectDialer({ server: address, credentials: { username, password: "wrong-s3cret" } }),
      code: "ERR_PROXY_AUTH_FAILED",
    },
    {
      what: "no credentials",
      dialer: ({ address }) => httpConnectDialer({ server: address }),
      code: "ERR_PROXY_AUTH_REQUIRED",
    },
  ],
});
