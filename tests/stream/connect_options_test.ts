import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import type { Server } from "node:net";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import type { DialEvent } from "../../src/core/dial_event.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { socks5Dialer } from "../../src/proxy/mod.ts";
import { dialReportOf, nodeConnector, type NodeLookup } from "../../src/stream/mod.ts";
import { ca, server as certificate } from "../certs/certificates.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { countingDialer } from "./counting_dialer.ts";
import { closeServer, listen, netPeer, textOf } from "./net_peer.ts";

type Outcome = [error: (Error & { code?: string }) | null, dialed: string[]];

/** Connects in vain, and tells why, and what was dialed. */
async function outcomeOf(options: object, dialer?: ContextDialer): Promise<Outcome> {
  const dialed: string[] = [];
  const { connect } = nodeConnector(dialerOf((network, address, dialOptions) => {
    dialed.push(`${network} ${address}`);
    if (dialer !== undefined) return dialer.dialContext(network, address, dialOptions);
    return Promise.reject(new Error("not today"));
  }));
  const error = await new Promise<Error | null>((resolve) => connect(options, resolve));
  return [error, dialed];
}

const target = { host: "peer.example", port: 7 };

test("family is dialed as tcp4 or tcp6", async () => {
  const families: (readonly [family: unknown, network: string])[] = [
    ...([[4, "tcp4"], [6, "tcp6"], [0, "tcp"], [null, "tcp"], [undefined, "tcp"]] as const),
    ...([["IPv4", "tcp4"], ["IPv6", "tcp6"]] as const),
  ];
  for (const [family, network] of families) {
    for (const protocol of ["http:", "https:"]) {
      const [, dialed] = await outcomeOf({ ...target, family, protocol });
      assert.deepEqual(dialed, [`${network} peer.example:7`]);
    }
  }
});

test("what a dialer cannot do is an error that names the option, and nothing is dialed", async () => {
  const refused: [options: object, name: RegExp][] = [
    [{ localAddress: "127.0.0.1" }, /^localAddress /],
    [{ localPort: 4001 }, /^localPort /],
    [{ family: 5 }, /^family /],
    [{ family: "tcp4" }, /^family /],
    [{ lookup: "8.8.8.8" }, /^lookup /],
    [{ localAddress: "127.0.0.1", host: undefined, port: undefined, path: "/x" }, /^localAddress /],
  ];
  for (const [options, name] of refused) {
    for (const protocol of ["http:", "https:"]) {
      const [error, dialed] = await outcomeOf({ ...target, protocol, ...options });
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, name);
      assert.deepEqual(dialed, []);
    }
    const { socket } = nodeConnector(countingDialer());
    const stream = socket();
    stream.connect({ ...target, ...options } as never);
    await assert.rejects(once(stream, "connect"), { name: "TypeError", message: name });
  }
});

test("a request with an option that no dialer can heed fails with its name", async () => {
  const dialer = countingDialer();
  const { httpAgent, connect } = nodeConnector(dialer);
  for (const way of [{ agent: httpAgent() }, { createConnection: connect }]) {
    for (const asked of [{ localAddress: "127.0.0.1" }, { localPort: 4001 }, { family: 5 }]) {
      const request = http.get({ ...target, ...asked, ...way } as http.RequestOptions);
      const message = new RegExp(`^${Object.keys(asked)[0]} `);
      await assert.rejects(once(request, "response"), { name: "TypeError", message });
    }
  }
  assert.equal(dialer.dials.length, 0);
});

test("null, undefined and what leaves the choice to the system count as absent", async () => {
  const absent = [null, undefined].map((none) => {
    return { localAddress: none, localPort: none, lookup: none, family: none };
  });
  for (const options of [...absent, { localAddress: "", localPort: 0, family: 0 }]) {
    const [error, dialed] = await outcomeOf({ ...target, ...options, hints: 1, anything: "else" });
    assert.match(error!.message, /not today/);
    assert.deepEqual(dialed, ["tcp peer.example:7"]);
  }
});

/** The ways that `dns.lookup` and others answer in. */
const answers: Record<string, (callback: (...args: never[]) => void) => void> = {
  "a list": (callback) => call(callback, null, [{ address: "127.0.0.1", family: 4 }]),
  "one address": (callback) => call(callback, null, "127.0.0.1", 4),
  "a list, later": (callback) =>
    void setImmediate(() => call(callback, null, [{ address: "127.0.0.1", family: 4 }])),
  "more than once": (callback) => {
    call(callback, null, "127.0.0.1", 4);
    call(callback, new Error("too late"));
  },
};

function call(callback: (...args: never[]) => void, ...args: unknown[]): void {
  Reflect.apply(callback, undefined, args);
}

for (const scheme of ["http", "https"] as const) {
  test(`lookup resolves, and the dialer gets the address (${scheme})`, async () => {
    const answer: http.RequestListener = (request, response) => response.end(request.headers.host);
    const server = scheme === "https"
      ? https.createServer(certificate, answer)
      : http.createServer(answer);
    try {
      const port = await listen(server as Server, "127.0.0.1");
      for (const [what, answering] of Object.entries(answers)) {
        const dialer = countingDialer();
        const connector = nodeConnector(dialer, { tls: { ca: ca.cert } });
        const asked: unknown[] = [];
        const lookup: NodeLookup = (host, options, callback) => {
          asked.push(host, options.all, options.family);
          answering(callback);
        };
        const agent = connector[`${scheme}Agent`]();
        const text = await new Promise<string>((resolve, reject) => {
          const client = scheme === "https" ? https : http;
          const options = { agent, lookup } as https.RequestOptions;
          // The certificate is that of this name.
          client.get(`${scheme}://localhost:${port}/`, options, (response) => {
            textOf(response).then(resolve, reject);
          }).on("error", reject);
        });
        assert.equal(text, `localhost:${port}`, what);
        assert.deepEqual(asked, ["localhost", true, 0], what);
        assert.deepEqual(dialer.dials.map(({ address }) => address), [`127.0.0.1:${port}`], what);
        agent.destroy();
      }
    } finally {
      await closeServer(server as Server);
    }
  });

  test(`a lookup that forbids an address ends the request with its error (${scheme})`, async () => {
    const forbidden = new Error("that address is not allowed");
    const refusals: [lookup: NodeLookup, error: Error | { code: string }][] = [
      [(_host, _options, callback) => callback(forbidden, ""), forbidden],
      [
        () => {
          throw forbidden;
        },
        forbidden,
      ],
      [(_host, _options, callback) => callback(null, []), { code: "ENOTFOUND" }],
      [(_host, _options, callback) => callback(null, undefined), {
        code: "ERR_INVALID_IP_ADDRESS",
      }],
      [(_host, _options, callback) => callback(null, "peer.example"), {
        code: "ERR_INVALID_IP_ADDRESS",
      }],
    ];
    for (const [lookup, expected] of refusals) {
      const dialer = countingDialer();
      const agent = nodeConnector(dialer)[`${scheme}Agent`]();
      const client = scheme === "https" ? https : http;
      const request = client.get(
        `${scheme}://localhost:1/`,
        { agent, lookup } as https.RequestOptions,
      );
      await assert.rejects(once(request, "response"), (error: Error & { code?: string }) => {
        if (expected instanceof Error) assert.equal(error, expected);
        else assert.equal(error.code, expected.code);
        return true;
      });
      assert.equal(dialer.dials.length, 0);
      agent.destroy();
    }
  });
}

test("lookup is asked for the family, and its answers are held to it", async () => {
  const lookup: NodeLookup = (_host, { family }, callback) => {
    assert.equal(family, 4);
    callback(null, [{ address: "::1", family: 6 }, { address: "127.0.0.1", family: 4 }]);
  };
  const [, dialed] = await outcomeOf({ ...target, lookup, family: 4 });
  assert.deepEqual(dialed, ["tcp4 127.0.0.1:7"]);
  const six: NodeLookup = (_host, _options, callback) => callback(null, "127.0.0.1", 4);
  const [error, none] = await outcomeOf({ ...target, lookup: six, family: 6 });
  assert.equal(error!.code, "ENOTFOUND");
  assert.deepEqual(none, []);
});

test("lookup is not asked for literals and paths, as in Node", async () => {
  const lookup: NodeLookup = () => assert.fail("asked");
  for (const host of ["127.0.0.1", "::1", "[::1]"]) {
    const [error] = await outcomeOf({ host, port: 7, lookup });
    assert.match(error!.message, /not today/);
  }
  const [error] = await outcomeOf({ path: "/run/db.sock", lookup });
  assert.match(error!.message, /not today/);
});

test("several addresses of a lookup are tried in their order, until one connects", async () => {
  const peer = await netPeer();
  try {
    const lookup: NodeLookup = (_host, _options, callback) => {
      callback(null, ["127.0.0.2", "127.0.0.1"].map((address) => ({ address, family: 4 })));
    };
    const dialer = countingDialer();
    const { connect } = nodeConnector(dialer);
    const stream = connect({ host: "peer.example", port: peer.port, lookup });
    await once(stream, "connect");
    const expected = [`127.0.0.2:${peer.port}`, `127.0.0.1:${peer.port}`];
    assert.deepEqual(dialer.dials.map(({ address }) => address), expected);
    assert.equal(stream.remoteAddress, "127.0.0.1");
    stream.destroy();
    const [error] = await outcomeOf({ host: "peer.example", port: 1, lookup }, systemDialer());
    assert.equal(error!.code, "ECONNREFUSED");
    assert.match(error!.message, /127\.0\.0\.2:1.*127\.0\.0\.1:1/);
  } finally {
    await peer.close();
  }
});

test("destroy() during a lookup dials nothing", async () => {
  let answer: () => void = () => {};
  const lookup: NodeLookup = (_host, _options, callback) => {
    answer = () => callback(null, "127.0.0.1", 4);
  };
  const dialer = countingDialer();
  const stream = nodeConnector(dialer).connect({ ...target, lookup });
  const lookups: unknown[] = [];
  stream.on("lookup", (...args) => lookups.push(args));
  stream.destroy();
  answer();
  await once(stream, "close");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([dialer.dials.length, lookups.length], [0, 0]);
});

test("a lookup that never answers ends with timeoutMs", async () => {
  const patience = setTimeout(() => {}, 60_000);
  const { connect } = nodeConnector(countingDialer(), { timeoutMs: 40 });
  const stream = connect({ ...target, lookup: () => {} });
  await assert.rejects(once(stream, "connect"), { code: "ETIMEDOUT" });
  clearTimeout(patience);
});

/** What a stream emitted as `"lookup"`, until it was connected. */
async function lookupsOf(dialer: ContextDialer, options: object): Promise<unknown[][]> {
  const { connect } = nodeConnector(dialer, { tls: { ca: ca.cert } });
  const stream = connect(options);
  const lookups: unknown[][] = [];
  const order: string[] = [];
  stream.on("lookup", (...args) => {
    lookups.push(args);
    order.push("lookup");
  });
  stream.on("connect", () => order.push("connect"));
  await once(stream, "connect").catch(() => {});
  stream.destroy();
  assert.ok(order.indexOf("connect") === -1 || order.at(-1) === "connect", order.join());
  return lookups;
}

test("a stream emits lookup before connect, in TLS too, and not for a literal", async () => {
  const peer = await netPeer();
  const { port } = peer;
  try {
    for (const protocol of ["http:", "https:"]) {
      const system = systemDialer();
      const named = await lookupsOf(system, { host: "localhost", port, protocol });
      assert.ok(named.length > 0);
      assert.deepEqual(named.at(-1), [null, "127.0.0.1", 4, "localhost"]);
      assert.deepEqual(await lookupsOf(system, { host: "127.0.0.1", port, protocol }), []);
      const lookup: NodeLookup = (_host, _options, callback) => callback(null, "127.0.0.1", 4);
      const own = await lookupsOf(system, { host: "peer.example", port, lookup, protocol });
      assert.deepEqual(own, [[null, "127.0.0.1", 4, "peer.example"]]);
      // A dialer that says nothing, such as one that has the name looked up elsewhere.
      const silent = dialerOf(() => system.dialContext("tcp", peer.address));
      const elsewhere = await lookupsOf(silent, { host: "peer.example", port, protocol });
      assert.deepEqual(elsewhere, [[null, "peer.example", 0, "peer.example"]]);
      const failure = new Error("not there");
      const failing: NodeLookup = (_host, _options, callback) => callback(failure, "");
      const failed = await lookupsOf(system, { ...target, lookup: failing, protocol });
      assert.deepEqual(failed, [[failure, undefined, undefined, "peer.example"]]);
    }
  } finally {
    await peer.close();
  }
});

test("a stream emits lookup when the request can hear it, also of a dial that begins at once", async () => {
  const peer = await netPeer();
  // Silent, so that the dial goes on.
  const proxy = socks5Dialer({ server: peer.address });
  try {
    for (const scheme of ["http", "https"] as const) {
      const agent = nodeConnector(proxy)[`${scheme}Agent`]();
      const client = scheme === "https" ? https : http;
      const request = client.get(`${scheme}://peer.example/`, { agent });
      request.on("error", () => {});
      const [socket] = await once(request, "socket");
      const lookup = await once(socket, "lookup");
      assert.deepEqual(lookup, [null, "peer.example", 0, "peer.example"]);
      request.destroy();
    }
  } finally {
    await peer.close();
  }
});

test("a stream emits lookup also while somebody else's dialer says nothing", async () => {
  for (const protocol of ["http:", "https:"]) {
    const { connect } = nodeConnector(dialerOf(() => new Promise(() => {})));
    const stream = connect({ ...target, protocol });
    assert.deepEqual(await once(stream, "lookup"), [null, "peer.example", 0, "peer.example"]);
    assert.equal(stream.connecting, true);
    stream.destroy();
  }
});

test("TLS of a connector is connecting until the connection below is there", async () => {
  const peer = await netPeer();
  try {
    const { connect } = nodeConnector(systemDialer());
    const stream = connect({ host: "127.0.0.1", port: peer.port, protocol: "https:" });
    assert.equal(stream.connecting, true);
    await once(stream, "connect");
    assert.equal(stream.connecting, false);
    stream.destroy();
  } finally {
    await peer.close();
  }
});

test("family is refused where a proxy looks the name up itself", async () => {
  // Answers each request of SOCKS5 with success, whatever it asks for.
  const peer = await netPeer();
  const serve = async () => {
    const socket = await peer.accept();
    await once(socket, "data");
    socket.write(Uint8Array.of(5, 0));
    await once(socket, "data");
    socket.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  };
  try {
    const proxy = socks5Dialer({ server: peer.address, handshake: "sequential" } as never);
    for (const [family, refused] of [[4, true], [undefined, false]] as const) {
      serve();
      const { connect } = nodeConnector(proxy);
      const stream = connect({ ...target, family });
      const outcome = await once(stream, "connect").catch((error) => error);
      if (refused) assert.match(outcome.message, /^family is not supported here/);
      else assert.deepEqual(dialReportOf(stream)!.hops.length, 1);
      stream.destroy();
    }
  } finally {
    await peer.close();
  }
});

test("onEvent of a connector receives the steps of every dial", async () => {
  const peer = await netPeer();
  try {
    const events: DialEvent[] = [];
    const { connect } = nodeConnector(systemDialer(), { onEvent: (event) => events.push(event) });
    for (const host of ["127.0.0.1", "localhost"]) {
      events.length = 0;
      const stream = connect(peer.port, host);
      await once(stream, "connect");
      const types = events.map(({ type }) => type);
      assert.deepEqual([types[0], types.at(-1)], ["dial-start", "dial-end"]);
      assert.ok(types.includes("attempt-start"));
      assert.equal(types.includes("lookup-start"), host === "localhost");
      stream.destroy();
    }
    assert.throws(() => nodeConnector(systemDialer(), { onEvent: 5 as never }), TypeError);
  } finally {
    await peer.close();
  }
});
