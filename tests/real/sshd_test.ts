import { socks4Dialer, socks5Dialer } from "../../src/proxy/mod.ts";
import { sshdMissing, startSshd } from "../peers/sshd.ts";
import { realProxyTests } from "./real_proxy_tests.ts";

// What it cannot reach, it answers by hanging up, for which nobody is blamed.
const hangsUp = { refused: "ERR_PROXY_CLOSED", unknown: "ERR_PROXY_CLOSED" } as const;

const common = {
  missing: sshdMissing,
  start: startSshd,
  answerAfterHalfClose: "arrives",
} as const;

realProxyTests({
  ...common,
  name: "ssh -D",
  dialer: ({ address }, options) => socks5Dialer({ server: address, ...options }),
  answers: { ...hangsUp, silence: "proxy" },
});

realProxyTests({
  ...common,
  name: "ssh -D over SOCKS4a",
  dialer: ({ address }, options) => socks4Dialer({ server: address, ...options }),
  answers: { ...hangsUp, silence: "target" },
});
