import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { systemDialer } from "../../adapters/system.ts";
import type { Conn } from "../../src/core/conn.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import {
  ConnDuplex,
  type NodeConnectOptions,
  nodeConnector,
  toDuplex,
} from "../../src/stream/mod.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";
import { ca } from "../certs/certificates.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { listenTls } from "../tls/tls_peers.ts";
import { countingDialer } from "./counting_dialer.ts";
import { netPeer } from "./net_peer.ts";

/** What may be thrown, or be the reason of an abort, and is no `Error`. */
const noErrors = ["a word", undefined, null, 0, "", false, { some: "object" }];

interface Outcome {
  calls: [error: unknown, stream: unknown][];
  /** What the stream emitted. */
  error: unknown;
}

/** Connects, and waits until the stream has closed. */
async function outcomeOf(
  dialer: ContextDialer,
  call: NodeConnectOptions,
  started: (stream: ConnDuplex | TLSSocket) => unknown = () => {},
): Promise<Outcome> {
  const outcome: Outcome = { calls: [], error: "none" };
  const { connect } = nodeConnector(dialer, { tls: { ca: ca.cert } });
  const stream = connect(call, (...args) => outcome.calls.push(args));
  stream.on("error", (error) => outcome.error = error);
  const closed = new Promise((resolve) => stream.on("close", resolve));
  started(stream);
  await closed;
  return outcome;
}

/** Makes sure that the callback was told of an `Error` once, and the stream of the same. */
function assertFailed({ calls, error }: Outcome, what: string): Error & { code?: string } {
  assert.ok(error instanceof Error, `${what}: ${error}`);
  assert.deepEqual(calls, [[error, null]], what);
  assert.equal(calls[0]![0], error);
  return error;
}

for (const protocol of ["http:", "https:"]) {
  const call = { host: "peer.example", protocol };

  test(`whatever a dialer throws is told as an Error (${protocol})`, async () => {
    for (const thrown of noErrors) {
      for (const sync of [true, false]) {
        const dialer = dialerOf(() => {
          if (sync) throw thrown;
          return Promise.reject(thrown);
        });
        const error = assertFailed(await outcomeOf(dialer, call), String(thrown));
        assert.equal(error.code, "ERR_DIAL_FAILED");
        assert.equal(error.cause, thrown);
      }
    }
    const none = dialerOf(() => Promise.resolve(undefined as unknown as Conn));
    const error = assertFailed(await outcomeOf(none, call), "no connection");
    assert.match(error.message, /no connection/);
  });

  test(`an abort whose reason is no Error is an AbortError (${protocol})`, async () => {
    // It takes connections, and says nothing.
    const peer = await netPeer();
    const silent = { host: "127.0.0.1", port: peer.port, protocol };
    const endless = dialerOf(() => new Promise(() => {}));
    try {
      for (const reason of noErrors.filter((reason) => reason !== undefined)) {
        const times: [when: string, outcome: (watched: WatchedSignal) => Promise<Outcome>][] = [
          ["before", async (watched) => {
            watched.abort(reason);
            const dialer = countingDialer();
            const outcome = await outcomeOf(dialer, { ...call, signal: watched.signal });
            assert.equal(dialer.dials.length, 0, "nothing is dialed");
            return outcome;
          }],
          ["in the dial", (watched) => {
            const { signal } = watched;
            return outcomeOf(endless, { ...call, signal }, () => watched.abort(reason));
          }],
        ];
        if (protocol === "https:") {
          times.push(["in the TLS handshake", (watched) => {
            const { signal } = watched;
            return outcomeOf(systemDialer(), { ...silent, signal }, async () => {
              await once(await peer.accept(), "data");
              watched.abort(reason);
            });
          }]);
        }
        for (const [when, outcome] of times) {
          const watched = new WatchedSignal();
          const error = assertFailed(await outcome(watched), `${String(reason)} ${when}`);
          assert.deepEqual([error.name, error.code], ["AbortError", "ABORT_ERR"]);
          assert.equal(error.cause, reason);
          assert.equal(watched.listeners, 0);
        }
      }
    } finally {
      await peer.close();
    }
  });

  test(`a getter of the request that throws is an error of the stream (${protocol})`, async () => {
    const names = ["host", "hostname", "port", "socketPath", "protocol", "servername", "timeout"];
    for (const name of [...names, "signal", "_defaultAgent", "somethingElse"]) {
      for (const thrown of [new Error("do not ask"), null]) {
        const asked = Object.defineProperty({ ...call }, name, {
          enumerable: true,
          get() {
            throw thrown;
          },
        });
        const dialer = countingDialer();
        const error = assertFailed(await outcomeOf(dialer, asked), name);
        assert.equal(thrown === null ? error.cause : error, thrown, name);
        assert.equal(dialer.dials.length, 0, "nothing is dialed");
      }
    }
  });

  test(`a signal that is none is a TypeError of the stream (${protocol})`, async () => {
    for (const signal of [{}, 5, "x", { aborted: false }, { aborted: true }]) {
      const dialer = countingDialer();
      const asked = { ...call, signal: signal as unknown as AbortSignal };
      const error = assertFailed(await outcomeOf(dialer, asked), JSON.stringify(signal));
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^signal must be an AbortSignal/);
      assert.equal(dialer.dials.length, 0, "nothing is dialed");
    }
  });

  test(`a timeout that is none is an error of the stream (${protocol})`, async () => {
    const endless = dialerOf(() => new Promise(() => {}));
    const asked = { ...call, timeout: "soon" as unknown as number };
    assertFailed(await outcomeOf(endless, asked), "soon");
  });

  test(`a callback that throws fails the stream, and not the process (${protocol})`, async () => {
    const secure = protocol === "https:";
    const listener = secure ? await listenTls() : undefined;
    const peer = await netPeer();
    const [host, port] = (listener ?? peer).address.split(":");
    try {
      for (const thrown of [new Error("not like this"), "a word"]) {
        const { connect } = nodeConnector(systemDialer(), { tls: { ca: ca.cert } });
        let calls = 0;
        const stream = connect({ host, port, protocol }, () => {
          calls++;
          throw thrown;
        });
        const error = await once(stream, "never").catch((error) => error);
        assert.equal(thrown instanceof Error ? error : error.cause, thrown);
        // One that is told of a failure cannot change it.
        const failing = connect({ host: "127.0.0.1", port: 1, protocol }, () => {
          calls++;
          throw thrown;
        });
        const failure = await once(failing, "never").catch((error) => error);
        assert.equal(failure.code, "ECONNREFUSED");
        assert.equal(calls, 2);
      }
    } finally {
      await peer.close();
      await listener?.close();
    }
  });

  test(`a stream that is destroyed before it is connected calls back (${protocol})`, async () => {
    const endless = dialerOf(() => new Promise(() => {}));
    const { calls, error } = await outcomeOf(endless, call, (stream) => stream.destroy());
    assert.equal(error, "none");
    assert.equal(calls.length, 1);
    const [told, stream] = calls[0]!;
    assert.equal((told as { code?: string }).code, "ERR_STREAM_PREMATURE_CLOSE");
    assert.equal(stream, null);
  });

  test(`a request whose signal aborts without an Error fails (${protocol})`, async () => {
    const endless = dialerOf(() => new Promise(() => {}));
    const connector = nodeConnector(endless);
    const agent = protocol === "https:" ? connector.httpsAgent() : connector.httpAgent();
    const controller = new AbortController();
    const options = { ...call, agent, protocol, signal: controller.signal };
    const request = http.request(options as http.RequestOptions);
    const failed = once(request, "response").catch((error) => error);
    request.end();
    controller.abort(null);
    assert.ok(await failed instanceof Error);
    agent.destroy();
  });
}

test("TLS options that cannot be used fail the stream, and abort the dial", async () => {
  let signal: AbortSignal | undefined;
  const dialer = dialerOf((_network, _address, options) => {
    signal = options?.signal;
    return new Promise(() => {});
  });
  const asked = { host: "peer.example", protocol: "https:", minVersion: "TLSv7" };
  assertFailed(await outcomeOf(dialer, asked), "minVersion");
  assert.equal(signal!.aborted, true);
});

/** A connection of somebody else's that has the least there can be. */
function leastConn(calls: Partial<Conn>): Conn {
  const conn = {
    read: () => Promise.resolve(null),
    write: (data: Uint8Array) => Promise.resolve(data.length),
    close() {},
  };
  return Object.assign(conn, calls) as unknown as Conn;
}

test("a stream can be made of a connection that has the least there can be", async () => {
  let closed = 0;
  const sent: number[] = [];
  const make = () =>
    leastConn({
      read: () => new Promise(() => {}),
      write: (data) => Promise.resolve(sent.push(...data)).then(() => data.length),
      close: () => void closed++,
    });
  const streams = [
    toDuplex(make()),
    new ConnDuplex(() => Promise.resolve(make())),
    nodeConnector(dialerOf(() => Promise.resolve(make()))).connect({ host: "peer.example" }),
  ];
  for (const stream of streams) {
    (stream as ConnDuplex).setNoDelay(true).setKeepAlive(true).unref().ref();
    await new Promise((resolve) => stream.resume().write(Uint8Array.of(7), resolve));
    const reason = new Error("so that it is reset");
    const failed = once(stream, "end").catch((error) => error);
    stream.destroy(reason);
    assert.equal(await failed, reason);
  }
  assert.deepEqual(sent, [7, 7, 7]);
  assert.equal(closed, 3);
  assert.throws(() => toDuplex({} as Conn), TypeError);
});

test("what a read or a write fails with is an Error of the stream", async () => {
  for (const thrown of [undefined, null, "a word"]) {
    const fails = () => Promise.reject(thrown);
    const uses: [calls: Partial<Conn>, use: (stream: ConnDuplex) => unknown][] = [
      [{ read: fails }, (stream) => stream.resume()],
      [{ write: fails }, (stream) => stream.write("x")],
      [{ write: fails }, (stream) => {
        stream.cork();
        stream.write("x");
        stream.write("y");
        stream.uncork();
      }],
      [{ closeWrite: fails }, (stream) => stream.end()],
    ];
    for (const [calls, use] of uses) {
      const stream = toDuplex(leastConn({ read: () => new Promise(() => {}), ...calls }));
      const failed = once(stream, "never").catch((error) => error);
      use(stream);
      const error = await failed;
      assert.ok(error instanceof Error, String(error));
      assert.equal(typeof (error as { code?: unknown }).code, "string");
    }
  }
});

test("a source of a stream that throws or rejects fails the stream with an Error", async () => {
  const sources: (() => Promise<Conn>)[] = [
    () => Promise.reject(null),
    () => Promise.resolve(undefined as unknown as Conn),
    () => {
      throw undefined;
    },
  ];
  for (const source of sources) {
    const error = await once(new ConnDuplex(source), "connect").catch((error) => error);
    assert.ok(error instanceof Error, String(error));
  }
});
