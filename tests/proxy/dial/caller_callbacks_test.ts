import assert from "node:assert/strict";
import { test } from "node:test";
import { httpConnectDialer, socks4Dialer, socks5Dialer } from "../../../src/proxy/mod.ts";
import { thrownValues, waysToFail } from "../../fakes/thrown_values.ts";
import { failureOf } from "../../fakes/proxy/dial_outcome.ts";

const server = "127.0.0.1:1";

for (const [name, make] of Object.entries({ socks5Dialer, httpConnectDialer })) {
  test(`${name}(): credentials that throw are ERR_PROXY_CREDENTIALS`, async () => {
    for (const thrown of thrownValues()) {
      const getters = [
        Object.defineProperty({ password: "x" }, "username", { get: waysToFail(thrown)[0]! }),
        Object.defineProperty({ username: "x" }, "password", { get: waysToFail(thrown)[0]! }),
        Object.defineProperty({}, "then", { get: waysToFail(thrown)[0]! }),
      ].map((given) => () => given as never);
      for (const credentials of [...waysToFail(thrown), ...getters]) {
        const error = await failureOf(make({ server, credentials }), "peer.example:9");
        assert.deepEqual([error.code, error.phase], ["ERR_PROXY_CREDENTIALS", "proxy"]);
        assert.match(error.message, /gives the credentials failed$/);
        assert.equal(error.cause, thrown);
      }
    }
  });
}

for (const [name, make] of Object.entries({ socks5Dialer, socks4Dialer })) {
  test(`${name}(): a resolver that fails fails the lookup, whatever it throws`, async () => {
    for (const thrown of thrownValues()) {
      const getter = Object.defineProperty([], "0", { get: waysToFail(thrown)[0]! });
      for (const lookup of [...waysToFail(thrown), () => Promise.resolve(getter)]) {
        const dialer = make({ server, resolve: "local", resolver: { lookup } });
        const error = await failureOf(dialer, "peer.example:9");
        assert.deepEqual([error.code, error.phase], ["ERR_DIAL_FAILED", "resolve"]);
        assert.equal(error.cause, thrown);
      }
    }
  });
}
