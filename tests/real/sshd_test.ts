import { socks4Dialer, socks5Dialer } from "../../src/proxy/mod.ts";
import { sshdMissing, startSshd } from "../peers/sshd.ts";
import { realProxyTests } from "./real_proxy_tests.ts";

// What it cannot reach, it answers by hanging up, for which it is blamed.
const common = {
  missing: sshdMissing,
  start: startSshd,
  answerAfterHalfClose: "arrives",
  refusedTarget: "ERR_PROXY_CLOSED",
  unknownTarget: "ERR_PROXY_CLOSED",
} as const;

realProxyTests({
  ...common,
  name: "ssh -D",
  dialer: ({ address }, options) => socks5Dialer({ server: address, ...options }),
  blamedForSilence: "proxy",
});

realProxyTests({
  ...common,
  name: "ssh -D over SOCKS4a",
  dialer: ({ address }, options) => socks4Dialer({ server: address, ...options }),
  blamedForSilence: "target",
});
