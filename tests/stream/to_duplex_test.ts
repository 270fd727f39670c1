import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import type { Conn } from "../../src/core/conn.ts";
import { type ConnDuplex, type ConnDuplexOptions, toDuplex } from "../../src/stream/mod.ts";
import { runtime } from "../runtime.ts";
import { netPeer, textOf } from "./net_peer.ts";

interface Ends {
  stream: ConnDuplex;
  conn: Conn;
  peer: Socket;
}

/** Gives both ends of a dialed connection to `use`, and closes them afterwards. */
async function withStream(
  use: (ends: Ends) => Promise<void>,
  options?: ConnDuplexOptions,
): Promise<void> {
  const server = await netPeer();
  try {
    const conn = await systemDialer().dialContext("tcp", server.address);
    const stream = toDuplex(conn, options);
    try {
      await use({ stream, conn, peer: await server.accept() });
    } finally {
      stream.destroy();
    }
  } finally {
    await server.close();
  }
}

test("toDuplex() shows a connected socket with the connection's addresses", async () => {
  await withStream(async ({ stream, conn, peer }) => {
    const { localAddr, remoteAddr } = conn;
    assert.ok(localAddr.transport === "tcp" && remoteAddr.transport === "tcp");
    assert.equal(stream.connecting, false);
    assert.equal(stream.pending, false);
    assert.equal(stream.readyState, "open");
    assert.equal(stream.remoteAddress, "127.0.0.1");
    assert.equal(stream.remotePort, remoteAddr.port);
    assert.equal(stream.remoteFamily, "IPv4");
    assert.equal(stream.localPort, peer.remotePort);
    assert.deepEqual(stream.address(), {
      address: "127.0.0.1",
      family: "IPv4",
      port: localAddr.port,
    });
    assert.equal(stream.setNoDelay().setKeepAlive(true, 1_000).ref().unref(), stream);
    await Promise.resolve();
  });
});

test("toDuplex() can be read from after its own end", async () => {
  await withStream(async ({ stream, peer }) => {
    stream.end("question");
    assert.equal(await textOf(peer), "question");
    assert.equal(stream.readyState, "readOnly");
    peer.end("answer");
    assert.equal(await textOf(stream), "answer");
    await closed(stream);
  });
});

test("toDuplex() can be written to after the peer's end", async () => {
  await withStream(async ({ stream, peer }) => {
    peer.end("that is all");
    assert.equal(await textOf(stream), "that is all");
    assert.equal(stream.destroyed, false);
    stream.end("thanks");
    assert.equal(await textOf(peer), "thanks");
    await closed(stream);
  });
});

test("toDuplex() with allowHalfOpen: false ends with its peer", async () => {
  await withStream(async ({ stream, peer }) => {
    stream.resume();
    peer.end();
    assert.equal(await textOf(peer), "");
    await closed(stream);
  }, { allowHalfOpen: false });
});

test("toDuplex() counts bytes, those on their way included", async () => {
  await withStream(async ({ stream, peer }) => {
    stream.write("12345");
    stream.write("678");
    assert.equal(stream.bytesWritten, 8);
    stream.end();
    assert.equal(await textOf(peer), "12345678");
    assert.equal(stream.bytesWritten, 8);
    peer.end("abc");
    assert.equal(await textOf(stream), "abc");
    assert.equal(stream.bytesRead, 3);
  });
});

test("toDuplex() keeps the order of many small writes and of large ones", async () => {
  await withStream(async ({ stream, peer }) => {
    const pieces = Array.from({ length: 500 }, (_, index) => {
      return String(index).padStart(index % 50 === 0 ? 100_000 : 10, ".");
    });
    const received = textOf(peer);
    // All before the first has gone, so that they go out in batches.
    for (const piece of pieces) stream.write(piece);
    stream.end();
    assert.equal(await received, pieces.join(""));
  });
});

test("toDuplex() gives chunks that later reads leave alone", async () => {
  await withStream(async ({ stream, peer }) => {
    const sent = Uint8Array.from({ length: 2_000_000 }, (_, index) => index % 251);
    (async () => {
      for (let at = 0, size = 1; at < sent.length; at += size, size = size % 90_000 * 2 + 1) {
        if (!peer.write(sent.subarray(at, at + size))) await once(peer, "drain");
      }
      peer.end();
    })();
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.ok(chunks.length > 10);
    assert.deepEqual(new Uint8Array(Buffer.concat(chunks)), sent);
  });
});

test("toDuplex() emits timeout when idle, once for each pause, and goes on", async () => {
  await withStream(async ({ stream, peer }) => {
    // Its timer does not keep the process alive.
    const patience = setTimeout(() => {}, 60_000);
    try {
      let called = 0;
      const start = performance.now();
      assert.equal(stream.setTimeout(40, () => called++), stream);
      assert.equal(stream.timeout, 40);
      await once(stream, "timeout");
      assert.ok(performance.now() - start >= 39);
      stream.write("still here, ");
      await once(stream, "timeout");
      assert.equal(called, 1);
      stream.setTimeout(0);
      stream.end("and still");
      assert.equal(await textOf(peer), "still here, and still");
    } finally {
      clearTimeout(patience);
    }
  });
});

test("toDuplex() emits no timeout while bytes go either way", async () => {
  await withStream(async ({ stream, peer }) => {
    let timeouts = 0;
    stream.setTimeout(1_000, () => timeouts++);
    const start = performance.now();
    peer.on("data", (chunk) => peer.write(chunk));
    while (performance.now() - start < 1_500) {
      stream.write("ping");
      await once(stream, "data");
    }
    assert.equal(timeouts, 0);
  });
});

test("setTimeout() refuses what is no time", async () => {
  await withStream(async ({ stream }) => {
    for (const bad of [-1, NaN, Infinity, "1" as unknown as number]) {
      assert.throws(() => stream.setTimeout(bad), RangeError);
    }
    await Promise.resolve();
  });
});

test("destroySoon() sends what was written and then closes", async () => {
  await withStream(async ({ stream, peer }) => {
    const size = 4_000_000;
    stream.write(Buffer.alloc(size, 1));
    stream.destroySoon();
    let received = 0;
    for await (const chunk of peer) received += chunk.length;
    assert.equal(received, size);
    await closed(stream);
  });
});

test("destroy() closes, and destroy() with an error resets", async () => {
  await withStream(async ({ stream, conn, peer }) => {
    stream.destroy();
    assert.equal(await textOf(peer), "");
    await assert.rejects(conn.read(new Uint8Array(1)), { code: "ERR_CONN_CLOSED" });
  });
  for (const break_ of [breakOff, (stream: ConnDuplex) => stream.resetAndDestroy()]) {
    await withStream(async ({ stream, conn, peer }) => {
      break_(stream);
      // Deno's own sockets cannot send RST.
      if (runtime === "deno") assert.equal(await textOf(peer), "");
      else await assert.rejects(textOf(peer), { code: "ECONNRESET" });
      await assert.rejects(conn.read(new Uint8Array(1)), { code: "ERR_CONN_CLOSED" });
    });
  }
});

function breakOff(stream: ConnDuplex): void {
  stream.on("error", () => {});
  stream.destroy(new Error("no more"));
}

test("toDuplex() emits the error of a reset with its code", async () => {
  await withStream(async ({ stream, peer }) => {
    stream.resume();
    const failed = once(stream, "close").then(() => "closed", (error) => error.code);
    peer.resetAndDestroy();
    assert.equal(await failed, "ECONNRESET");
    assert.equal(stream.destroyed, true);
  });
});

async function closed(stream: ConnDuplex): Promise<void> {
  if (!stream.closed) await once(stream, "close");
  assert.equal(stream.readyState, "closed");
}
