import assert from "node:assert/strict";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import { isDialError } from "../../src/core/dial_error.ts";
import type { DialerForAddr } from "../../src/core/dialer.ts";
import type { TcpOptions } from "../../src/libp2p/mod.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { thrownValues, waysToFail } from "../fakes/thrown_values.ts";
import { TransportTrial, withPeer } from "./nodes/transport_trial.ts";

const direct = "/ip4/127.0.0.1/tcp/1";
const onion = "/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:443";
const dnsaddr = "/dnsaddr/peer.example";

async function failure(options: TcpOptions, ma: string): Promise<unknown[]> {
  const error = await new TransportTrial(options).failure(ma);
  assert.ok(isDialError(error), `a DialError, not ${String(error)}`);
  return [error.code, error.phase, error.cause];
}

test("a customTCPDialer that fails is ERR_DIAL_NO_DIALER, whatever it throws", async () => {
  const txtResolver = { resolveTxt: () => Promise.resolve([`dnsaddr=${direct}`]) };
  for (const thrown of thrownValues()) {
    for (const choose of waysToFail(thrown)) {
      const customTCPDialer: DialerForAddr = choose;
      for (const ma of [direct, onion, dnsaddr]) {
        const failed = await failure({ customTCPDialer, txtResolver }, ma);
        assert.deepEqual(failed, ["ERR_DIAL_NO_DIALER", "route", thrown]);
      }
    }
  }
});

test("a dialer and a txtResolver that fail fail the dial, whatever they throw", async () => {
  for (const thrown of thrownValues()) {
    for (const fails of waysToFail(thrown)) {
      const dialer = dialerOf(fails);
      for (const ma of [direct, onion]) {
        const failed = await failure({ dialer }, ma);
        assert.deepEqual(failed, ["ERR_DIAL_FAILED", "connect", thrown]);
      }
      const options = { dialer, txtResolver: { resolveTxt: fails } };
      assert.deepEqual(await failure(options, dnsaddr), ["ERR_DIAL_FAILED", "resolve", thrown]);
    }
  }
});

test("an onProgress that throws fails the dial, whatever it throws", async () => {
  await withPeer(async (trial, _peer, ma) => {
    for (const thrown of thrownValues()) {
      for (const step of ["tcp:open-connection", "tcp:attempt-start", "tcp:attempt-end"]) {
        const failed = await trial.failure(ma, {
          onProgress({ type }) {
            if (type === step) throw thrown;
          },
        });
        if (thrown !== undefined || step === "tcp:open-connection") assert.equal(failed, thrown);
        // A signal has a reason in any case.
        else assert.equal((failed as Error).name, "AbortError");
      }
    }
  });
});

test("a getter among the options of a dial that throws rejects the dial with that", async () => {
  const trial = new TransportTrial();
  for (const thrown of thrownValues()) {
    for (
      const option of ["signal", "onProgress", "noDelay", "keepAlive", "keepAliveInitialDelay"]
    ) {
      const options = Object.defineProperty({}, option, {
        enumerable: true,
        get: waysToFail(thrown)[0]!,
      });
      const dial = async () => {
        const upgradeOutbound = () => assert.fail("it is not connected");
        const descriptors = Object.getOwnPropertyDescriptors(options) as PropertyDescriptorMap;
        const all = Object.defineProperties({ upgrader: { upgradeOutbound } }, descriptors);
        return await trial.transport.dial(multiaddr(direct), all as never);
      };
      const failed = await dial().then(() => assert.fail("it was dialed"), (error) => error);
      assert.equal(failed, thrown, option);
    }
  }
});
