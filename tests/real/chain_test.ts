import type { ContextDialer } from "../../src/core/dialer.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDialError } from "../../src/core/dial_error.ts";
import { proxyDialer, type ProxyDialerOptions } from "../../src/proxy/mod.ts";
import { ca } from "../certs/certificates.ts";
import { password, plainPassword, username } from "../peers/credentials.ts";
import { danteMissing, startDante } from "../peers/dante.ts";
import type { ServerProcess } from "../peers/server_process.ts";
import { squidMissing, startSquid } from "../peers/squid.ts";
import { startTinyproxy, tinyproxyMissing } from "../peers/tinyproxy.ts";
import { realProxyTests } from "./real_proxy_tests.ts";
import { assertWorks } from "./scenarios/failure.ts";
import { echo, startTarget } from "./target.ts";
import { within } from "./within.ts";

/** SOCKS5 over HTTP over HTTP over TLS. */
interface Chain extends ServerProcess {
  readonly addresses: readonly string[];
  readonly hops: readonly ServerProcess[];
}

async function startChain(): Promise<Chain> {
  const [squid, tinyproxy, dante] = await Promise.all([
    startSquid(),
    startTinyproxy(),
    startDante({ method: "username", forbiddenPort: 9 }),
  ]);
  return {
    addresses: [squid.tlsAddress, tinyproxy.address, dante.address],
    hops: [squid, tinyproxy, dante],
    freeze: () => dante.freeze(),
    thaw: () => dante.thaw(),
    async stop() {
      await Promise.all([squid.stop(), tinyproxy.stop(), dante.stop()]);
    },
  };
}

function chainDialer({ addresses }: Chain, options: ProxyDialerOptions = {}): ContextDialer {
  const [squid, tinyproxy, dante] = addresses;
  return proxyDialer(
    [
      `https://${squid}`,
      `http://${username}:${plainPassword}@${tinyproxy}`,
      `socks5h://${username}:${encodeURIComponent(password)}@${dante}`,
    ],
    { tls: { ca: ca.cert }, ...options },
  );
}

const missing = squidMissing ?? tinyproxyMissing ?? danteMissing;
const options = missing === undefined ? {} : { skip: missing };

realProxyTests({
  name: "squid over TLS, tinyproxy and dante",
  missing,
  start: startChain,
  dialer: chainDialer,
  answerAfterHalfClose: "may be lost",
  answers: {
    refused: "ERR_PROXY_TARGET_REFUSED",
    unknown: "ERR_PROXY_TARGET_HOST_UNREACHABLE",
    forbidden: { port: 9, code: "ERR_PROXY_TARGET_NOT_ALLOWED" },
    silence: "proxy",
  },
});

test("a chain tells its hops and names the one that fails", options, async () => {
  const chain = await startChain();
  const target = await startTarget(echo);
  try {
    const [squid, tinyproxy, dante] = chain.addresses;
    const dialer = chainDialer(chain);
    const shown = [`https://${squid}`, `http://***@${tinyproxy}`, `socks5h://***@${dante}`];
    assert.equal(String(dialer), shown.join(", "));

    const conn = await dialer.dialContext("tcp", target.address);
    const hops = conn.hops.map((hop) => hop.transport === "tcp" && `${hop.hostname}:${hop.port}`);
    assert.deepEqual(hops, chain.addresses);
    await assertWorks(conn);

    // One deadline over all, whichever hop it is that does not answer.
    for (const [index, hop] of chain.hops.entries()) {
      await hop.freeze();
      const limited = chainDialer(chain, { timeoutMs: 300 });
      const error = await failure(limited, target.address);
      assert.equal(error.code, "ETIMEDOUT", error.message);
      // An HTTP proxy that is silent may be waiting for the next one.
      const suspects = index === 1 ? shown.slice(1) : [shown[index]!];
      assert.ok(suspects.includes(error.hop ?? ""), error.message);
      hop.thaw();
    }
    // A hop that is down is reported by the one before it.
    for (const [index, hop] of [...chain.hops.entries()].reverse()) {
      await hop.stop();
      const error = await failure(dialer, target.address);
      assert.equal(error.blame, "proxy", error.message);
      assert.equal(error.hop, shown[index], error.message);
    }
  } finally {
    await target.close();
    await chain.stop();
  }
});

async function failure(dialer: ContextDialer, target: string) {
  const dialing = dialer.dialContext("tcp", target).catch((error: unknown) => error);
  const error = await within("the failure", dialing);
  if (!isDialError(error)) throw error;
  return error;
}
