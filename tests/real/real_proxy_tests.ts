import { test } from "node:test";
import type { Conn } from "../../src/core/conn.ts";
import type { ServerProcess } from "../peers/server_process.ts";
import { openSockets, settleSockets } from "./descriptors.ts";
import type { RealProxy, Running } from "./real_proxy.ts";
import {
  abortAtEachStep,
  abortBeforeAndAfter,
  abortInSilence,
  abortWhileProxyWaits,
} from "./scenarios/abort.ts";
import {
  badCredentials,
  badTarget,
  killedInHandshake,
  killedInMidStream,
  silentProxy,
} from "./scenarios/failure.ts";
import {
  answerAfterHalfClose,
  bulkBothWays,
  halfCloseEnds,
  manyAtOnce,
  peerSpeaksFirst,
  targetIsName,
} from "./scenarios/transfer.ts";

/** What follows needs no server of its own. */
type Scenario = (running: Running) => Promise<void>;

/**
 * Registers what every proxy is tested for. The server is started by the first test and stopped by the last one; the
 * tests that kill it start their own.
 */
export function realProxyTests<S extends ServerProcess>(proxy: RealProxy<S>): void {
  const { name, answers } = proxy;
  const options = proxy.missing === undefined ? {} : { skip: proxy.missing };
  let shared: Promise<S> | undefined;
  let before: string[] | undefined;

  const scenario = (what: string, run: Scenario) => {
    test(`${name}: ${what}`, options, async () => {
      const server = await (shared ??= proxy.start());
      before ??= await openAfterOneDial(proxy, server);
      await runScenario(proxy, server, run);
      await settleSockets(before);
    });
  };
  const ownServer = (what: string, run: Scenario) => {
    test(`${name}: ${what}`, options, async () => {
      const server = await proxy.start();
      try {
        await runScenario(proxy, server, run);
      } finally {
        await server.stop();
      }
    });
  };

  scenario("a peer that speaks first is heard", peerSpeaksFirst);
  scenario("64 MiB each way arrive", bulkBothWays);
  if (proxy.answerAfterHalfClose === "arrives") {
    scenario("the answer after a half-close arrives", answerAfterHalfClose);
  } else {
    scenario("a half-close ends the connection and does not hang", halfCloseEnds);
  }
  for (const bad of proxy.badCredentials ?? []) {
    scenario(bad.what, (running) => badCredentials(running, bad));
  }
  scenario("an abort before and after the dial", abortBeforeAndAfter);
  scenario("an abort at each step of the dial", abortAtEachStep);
  scenario("200 dials at once", manyAtOnce);
  ownServer("killed in mid-stream", killedInMidStream);
  if (answers !== undefined) {
    const { refused, unknown, forbidden } = answers;
    scenario("a target may be a name", targetIsName);
    scenario("a target that refuses", (running) => badTarget(running, "127.0.0.1:1", refused));
    scenario(
      "a target that nobody knows",
      (running) => badTarget(running, "nowhere.invalid:80", unknown),
    );
    if (forbidden !== undefined) {
      const address = `127.0.0.1:${forbidden.port}`;
      scenario(
        "a target that the rules forbid",
        (running) => badTarget(running, address, forbidden.code),
      );
    }
    scenario("an abort while the proxy is silent", abortInSilence);
    scenario("an abort while the proxy waits for its target", abortWhileProxyWaits);
    scenario(
      "a silent proxy holds no dial longer than its limit",
      (running) => silentProxy(running, answers.silence),
    );
    ownServer(
      "killed in the handshake",
      (running) => killedInHandshake(running, answers.silence),
    );
  }
  test(`${name}: nothing is left open`, options, async () => {
    const server = await shared!;
    await settleSockets(before!);
    await server.stop();
  });
}

/** Compared with this, nothing may be open later: the first dial also opens what a runtime keeps. */
async function openAfterOneDial<S extends ServerProcess>(
  proxy: RealProxy<S>,
  server: S,
): Promise<string[]> {
  await runScenario(proxy, server, peerSpeaksFirst);
  return openSockets();
}

async function runScenario<S extends ServerProcess>(
  proxy: RealProxy<S>,
  server: S,
  run: Scenario,
): Promise<void> {
  const conns: Conn[] = [];
  const dialer = proxy.dialer(server);
  try {
    await run({
      proxy: proxy as unknown as RealProxy<ServerProcess>,
      server,
      dialer,
      async dial(address, options) {
        const conn = await dialer.dialContext("tcp", address, options);
        conns.push(conn);
        return conn;
      },
    });
  } finally {
    for (const conn of conns) conn.close();
  }
}
