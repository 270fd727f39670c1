import { httpConnectDialer } from "../../src/proxy/mod.ts";
import { plainPassword, username } from "../peers/credentials.ts";
import { startTinyproxy, tinyproxyMissing } from "../peers/tinyproxy.ts";
import { realProxyTests } from "./real_proxy_tests.ts";

realProxyTests({
  name: "tinyproxy with Basic",
  missing: tinyproxyMissing,
  start: startTinyproxy,
  dialer: ({ address }, options) =>
    httpConnectDialer({
      server: address,
      credentials: { username, password: plainPassword },
      ...options,
    }),
  answerAfterHalfClose: "may be lost",
  answers: {
    refused: "ERR_PROXY_TARGET_FAILED",
    unknown: "ERR_PROXY_TARGET_FAILED",
    silence: "target",
  },
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
