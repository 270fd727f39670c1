import assert from "node:assert/strict";
import { test } from "node:test";
import { isDialError } from "../../src/core/dial_error.ts";
import type { DialEvent } from "../../src/core/dial_event.ts";
import { socks5Dialer } from "../../src/proxy/mod.ts";
import { password, username } from "../peers/credentials.ts";
import { danteMissing, startDante } from "../peers/dante.ts";
import { microsocksMissing, startMicrosocks } from "../peers/microsocks.ts";
import type { ServerProcess } from "../peers/server_process.ts";
import { sshdMissing, startSshd } from "../peers/sshd.ts";
import { assertWorks } from "./scenarios/failure.ts";
import { echo, startTarget } from "./target.ts";
import { within } from "./within.ts";

interface Server {
  readonly name: string;
  readonly missing: string | undefined;
  start(): Promise<ServerProcess & { readonly address: string }>;
  readonly credentials?: { username: string; password: string };
  readonly takesOneFlight: boolean;
}

const credentials = { username, password };

const servers: readonly Server[] = [
  {
    name: "dante",
    missing: danteMissing,
    start: () => startDante({ method: "none" }),
    takesOneFlight: true,
  },
  {
    name: "dante with credentials",
    missing: danteMissing,
    start: () => startDante({ method: "username" }),
    credentials,
    takesOneFlight: true,
  },
  { name: "ssh -D", missing: sshdMissing, start: startSshd, takesOneFlight: true },
  {
    name: "microsocks",
    missing: microsocksMissing,
    start: () => startMicrosocks("none"),
    takesOneFlight: false,
  },
  {
    name: "microsocks with credentials",
    missing: microsocksMissing,
    start: () => startMicrosocks("username"),
    credentials,
    takesOneFlight: false,
  },
];

for (const { name, missing, start, credentials, takesOneFlight } of servers) {
  const options = missing === undefined ? {} : { skip: missing };
  const does = takesOneFlight ? "takes" : "does not take";
  test(`${name} ${does} a handshake in one flight, and "auto" finds out`, options, async () => {
    const server = await start();
    const target = await startTarget(echo);
    try {
      const common = {
        server: server.address,
        ...(credentials !== undefined && { credentials }),
      };
      /** How many handshakes it took. */
      const dial = async (handshake: "auto" | "pipelined" | "sequential", stallMs = 300) => {
        const timeoutMs = handshake === "pipelined" ? 1_000 : 10_000;
        const dialer = socks5Dialer({ ...common, handshake, stallMs, timeoutMs });
        const events: DialEvent[] = [];
        const onEvent = (event: DialEvent) => events.push(event);
        await assertWorks(await dialer.dialContext("tcp", target.address, { onEvent }));
        return events.filter(({ type }) => type === "handshake-start").length;
      };
      assert.equal(await dial("sequential"), 1);
      if (takesOneFlight) {
        assert.equal(await dial("pipelined"), 1);
      } else {
        const error = await within("the limit", dial("pipelined").catch((error) => error));
        assert.ok(isDialError(error) && error.code === "ETIMEDOUT", String(error));
      }
      // Without credentials it does not try.
      const tries = credentials !== undefined && !takesOneFlight;
      const begin = performance.now();
      assert.equal(await dial("auto", 10_000), tries ? 2 : 1);
      assert.ok(performance.now() - begin < 1_000, "it takes the proxy's round trips, not stallMs");
      assert.equal(await dial("auto"), 1);
    } finally {
      await target.close();
      await server.stop();
    }
  });
}
