import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type Conn, systemDialer } from "../../mod.ts";
import { bytesOf, readAll, readEach, readExactly, readText } from "../../src/testing/read_all.ts";
import { runtime } from "../runtime.ts";
import { freeSlabs } from "../fakes/free_slabs.ts";
import { collect, send, untilStill } from "./nodes/connection_traffic.ts";
import { closing, withConnection, withPeer } from "./nodes/transport_trial.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

const mebi = 1024 * 1024;
/** More than the buffers of a connection hold, the system's included. */
const totalBytes = 64 * mebi;

test("what is sent arrives, in order and whole, however small and whatever the pieces", async () => {
  await withConnection(async (connection, peer) => {
    const sent = createHash("sha256");
    const received = createHash("sha256");
    const reading = readEach(peer, (chunk) => received.update(chunk));
    for (let index = 0; index < 3_000; index++) {
      const piece = new Uint8Array(index % 50 === 0 ? 70_000 : index % 700).fill(index);
      sent.update(piece);
      await send(connection, piece);
    }
    await connection.close();
    await reading;
    assert.equal(received.digest("hex"), sent.digest("hex"));
  });
});

test("what arrives is told, in order and whole, in memory that nothing else is written to", async () => {
  await withConnection(async (connection, peer) => {
    const sent = createHash("sha256");
    const chunks: Uint8Array[] = [];
    connection.addEventListener("message", ({ data }) => chunks.push(data.subarray()));
    const closed = closing(connection);
    for (let index = 0; index < 1_500; index++) {
      const piece = new Uint8Array(index % 50 === 0 ? 200_000 : index % 700).fill(index);
      sent.update(piece);
      await peer.write(piece);
    }
    await peer.closeWrite();
    await closed;
    const received = createHash("sha256");
    for (const chunk of chunks) received.update(chunk);
    assert.equal(received.digest("hex"), sent.digest("hex"));
  });
});

test("a peer that speaks and closes at once loses nothing", async () => {
  await withPeer(async (trial, peer, ma) => {
    const accepting = peer.accept().then(async (conn) => {
      await conn.write(new Uint8Array(300_000));
      conn.close();
    });
    const connection = await trial.dial(ma);
    const closed = closing(connection);
    await accepting;
    // Whoever comes late gets what was there before.
    const taken = collect(connection);
    await closed;
    await untilStill(() => taken.bytes);
    assert.equal(taken.bytes, 300_000);
  });
});

for (const pauses of ["pauses", "does not listen"]) {
  test(`whoever ${pauses} stops the peer, with little in memory, and gets everything later`, async () => {
    await withConnection(async (connection, peer) => {
      const taken = collect(connection);
      await peer.write(bytesOf("begin"));
      await untilStill(() => taken.bytes);
      if (pauses === "pauses") connection.pause();
      else taken.stop();
      let written = 0;
      const writing = (async () => {
        const chunk = new Uint8Array(256 * 1024);
        for (; written < totalBytes; written += chunk.byteLength) await peer.write(chunk);
      })();
      await untilStill(() => written);
      assert.ok(written < totalBytes / 2, `the peer is stopped, not at ${written}`);
      assert.ok(connection.readBufferLength <= 2 * mebi, `${connection.readBufferLength} are held`);
      assert.equal(connection.status, "open");
      if (pauses === "pauses") connection.resume();
      else taken.resume();
      await writing;
      await untilStill(() => taken.bytes);
      assert.equal(taken.bytes, 5 + totalBytes);
    });
  });
}

test("a peer that does not read stops the sender, and gets everything later", async () => {
  await withConnection(async (connection, peer) => {
    const chunk = new Uint8Array(64 * 1024);
    let sent = 0;
    const sending = (async () => {
      for (; sent < totalBytes; sent += chunk.byteLength) await send(connection, chunk);
    })();
    await untilStill(() => sent);
    assert.ok(sent < totalBytes / 2, `the sender is stopped, not at ${sent}`);
    assert.equal(connection.writeBufferLength, 0);
    assert.equal(connection.writableNeedsDrain, true);
    let read = 0;
    const reading = readEach(peer, (chunk) => read += chunk.byteLength);
    await sending;
    await connection.close();
    await reading;
    assert.equal(read, totalBytes);
  });
});

test("where the system takes nothing, the sender is stopped with half a mebibyte", async () => {
  const dialer = dialerOf(async (...args) => {
    const conn = await systemDialer().dialContext(...args);
    const write = () => new Promise<number>(() => {});
    const read = (buffer: Uint8Array) => conn.read(buffer);
    return { read, write, close: () => conn.close(), reset: () => conn.reset() } as Partial<
      Conn
    > as Conn;
  });
  await withConnection((connection) => {
    const chunk = new Uint8Array(64 * 1024);
    let held = 0;
    do held += chunk.byteLength; while (connection.send(chunk) && held < totalBytes);
    assert.ok(held <= mebi / 2 + chunk.byteLength, `${held} are held`);
    return Promise.resolve();
  }, { dialer });
});

test("close() sends what is unsent, and what the peer says meanwhile does not cut it off", async () => {
  await withConnection(async (connection, peer) => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
    collect(connection);
    connection.send(new Uint8Array(8 * mebi));
    let over = false;
    let read = 0;
    // Whatever comes for a socket that is gone makes the system reset the connection.
    const talking = (async () => {
      for (; !over; await pause()) await peer.write(new Uint8Array(1_000));
      await peer.closeWrite();
    })();
    const reading = (async () => {
      const buffer = new Uint8Array(256 * 1024);
      for (let count; (count = await peer.read(buffer)) !== null; await pause()) read += count;
    })().finally(() => over = true);
    await connection.close();
    await Promise.all([reading, talking]);
    assert.equal(read, 8 * mebi);
    assert.equal(connection.status, "closed");
    assert.ok(connection.timeline.close);
  });
});

test("close() sends what is unsent, also where the peer ends its side meanwhile", async () => {
  await withConnection(async (connection, peer) => {
    const closed = closing(connection);
    // The second waits until the first is sent.
    connection.send(new Uint8Array(8 * mebi));
    connection.send(new Uint8Array(8 * mebi));
    const closes = connection.close();
    await peer.closeWrite();
    await untilStill(() => connection.writeBufferLength);
    assert.equal((await readAll(peer)).byteLength, 16 * mebi);
    await closes;
    assert.equal((await closed).error, undefined);
    assert.equal(connection.status, "closed");
  });
});

for (const when of ["before", "after"]) {
  test(`where close() is given up, the peer's end ${when} that ends the connection`, async () => {
    await withConnection(async (connection, peer) => {
      const closed = closing(connection);
      connection.send(new Uint8Array(16 * mebi));
      const closes = connection.close({ signal: AbortSignal.timeout(200) });
      if (when === "before") await peer.closeWrite();
      await assert.rejects(closes);
      if (when === "after") await peer.closeWrite();
      assert.equal((await closed).error, undefined);
      assert.equal((await readAll(peer)).byteLength, 16 * mebi);
    });
  });
}

test("close() is no abort where the peer answers the end with a reset, as go-libp2p does", async () => {
  await withConnection(async (connection, peer, trial) => {
    const closed = closing(connection);
    connection.send(new Uint8Array(1_000));
    const reading = readAll(peer).then(({ byteLength }) => (peer.reset(), byteLength));
    await connection.close();
    assert.equal((await closed).error, undefined);
    assert.equal(await reading, 1_000);
    assert.equal(connection.status, "closed");
    assert.equal(trial.counters.libp2p_tcp_dialer_events_total!.abort, undefined);
  });
});

test("close() does not wait for a peer that goes on sending, and all arrives", async () => {
  await withConnection(async (connection, peer) => {
    collect(connection);
    let over = false;
    const talking = (async () => {
      while (!over) await peer.write(new Uint8Array(64 * 1024));
    })().catch(() => {});
    // More than the peer has read when the connection is closed.
    connection.send(new Uint8Array(200_000));
    const start = performance.now();
    await connection.close();
    const ms = performance.now() - start;
    assert.equal(connection.status, "closed");
    let read = 0;
    await readEach(peer, (chunk) => read += chunk.byteLength);
    over = true;
    await talking;
    assert.equal(read, 200_000);
    assert.ok(ms < 250, `it took ${ms} ms`);
  });
});

test("close() leaves a socket that the peer never ends half a second", async () => {
  await withConnection(async (connection, peer) => {
    const start = performance.now();
    await connection.close();
    assert.equal(await readText(peer), "");
    // Until the socket is closed all that is written to it is taken.
    const broken = (async () => {
      for (;;) {
        await peer.write(new Uint8Array(64 * 1024));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await assert.rejects(broken);
    const ms = performance.now() - start;
    assert.ok(ms >= 400 && ms < 5_000, `it was open for ${ms} ms`);
  });
});

test("close() does not wait long for a peer that never ends", async () => {
  await withConnection(async (connection, peer) => {
    const start = performance.now();
    await connection.close();
    assert.ok(performance.now() - start < 5_000);
    assert.equal(connection.status, "closed");
    assert.equal(await readText(peer), "");
  });
});

test("close() of what cannot be sent ends with its signal's reason, and abort() ends the rest", async () => {
  await withConnection(async (connection) => {
    connection.send(new Uint8Array(totalBytes));
    const controller = new AbortController();
    const reason = new Error("enough");
    const closed = connection.close({ signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    // Which of the waits it was in decides who words it.
    await assert.rejects(closed);
    connection.abort(reason);
    assert.equal(connection.status, "aborted");
  });
});

test("abort() ends a close() that waits for a peer that does not read", async () => {
  for (const kept of [0, 1]) {
    await withConnection(async (connection) => {
      connection.send(new Uint8Array(totalBytes));
      // There is no room for this one, which waits for the drain.
      connection.send(new Uint8Array(kept));
      assert.equal(connection.writeBufferLength, kept);
      const closed = connection.close().catch(() => {});
      connection.abort(new Error("enough"));
      await closed;
      assert.equal(connection.status, "aborted");
    });
  }
});

test("a connection that is aborted while it does not read holds no memory", async () => {
  // As of somebody else, a connection has to be read.
  const dialer = dialerOf(async (...args) => {
    const conn = await systemDialer().dialContext(...args);
    return {
      localAddr: conn.localAddr,
      read: (buffer: Uint8Array) => conn.read(buffer),
      write: (data: Uint8Array) => conn.write(data),
      close: () => conn.close(),
      reset: () => conn.reset(),
    } as Conn;
  });
  const before = freeSlabs();
  await withConnection(async (connection, peer) => {
    const writing = peer.write(new Uint8Array(totalBytes)).catch(() => {});
    await untilStill(() => connection.readBufferLength);
    assert.ok(freeSlabs() < before, "the connection was busy");
    connection.abort(new Error("no more"));
    await writing;
    assert.equal(freeSlabs(), before);
  }, { dialer });
});

test("two calls of close() at once are fine", async () => {
  await withConnection(async (connection, peer) => {
    const ended = readText(peer).then(() => peer.close());
    await Promise.all([connection.close(), connection.close()]);
    await ended;
    assert.equal(connection.status, "closed");
  });
});

test("abort() resets the connection, and says so", async () => {
  await withConnection(async (connection, peer) => {
    const error = new Error("no more");
    const closed = closing(connection);
    connection.abort(error);
    assert.equal((await closed).error, error);
    assert.equal((await closed).local, true);
    const read = peer.read(new Uint8Array(1)).then((count) => count, ({ code }) => code);
    // Deno.connect has no way to send RST.
    assert.equal(await read, runtime === "deno" ? null : "ECONNRESET");
  });
});

test("a peer's reset ends the connection with its error", async () => {
  await withConnection(async (connection, peer, trial) => {
    const closed = closing(connection);
    await send(connection, bytesOf("hello"));
    await readExactly(peer, 5);
    peer.reset();
    assert.equal((await closed).error?.code, "ECONNRESET");
    assert.equal(connection.status, "aborted");
    assert.equal(trial.counters.libp2p_tcp_dialer_events_total!.abort, 1);
  });
});

test("a peer's end closes the connection, after what is unsent", async () => {
  await withConnection(async (connection, peer, trial) => {
    const closed = closing(connection);
    connection.send(new Uint8Array(150_000));
    await peer.closeWrite();
    assert.equal((await closed).error, undefined);
    assert.equal(connection.status, "closed");
    assert.throws(() => connection.send(bytesOf("late")));
    assert.equal((await readAll(peer)).byteLength, 150_000);
    assert.equal(trial.counters.libp2p_tcp_dialer_events_total!.end, 1);
  });
});

test("with allowHalfOpen a peer's end leaves this side open", async () => {
  await withConnection(
    async (connection, peer) => {
      const ended = new Promise((resolve) =>
        connection.addEventListener("remoteCloseWrite", resolve)
      );
      await peer.closeWrite();
      await ended;
      await send(connection, bytesOf("the answer"));
      assert.equal(new TextDecoder().decode(await readExactly(peer, 10)), "the answer");
      assert.equal(connection.status, "open");
      await connection.close();
      assert.equal(await readText(peer), "");
    },
    { dialOpts: { allowHalfOpen: true } },
  );
});

test("a connection that slowly sends one large piece is not without a byte", async () => {
  await withConnection(async (connection, peer) => {
    const reading = (async () => {
      const buffer = new Uint8Array(256 * 1024);
      while (await peer.read(buffer) !== null) {
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    })();
    // Rejects when the connection ends.
    await send(connection, new Uint8Array(48 * mebi));
    peer.close();
    await reading.catch(() => {});
  }, { outboundSocketInactivityTimeout: 500 });
});

test("a connection without a byte either way is aborted after outboundSocketInactivityTimeout", async () => {
  await withConnection(
    async (connection, peer) => {
      let last = performance.now();
      const closed = closing(connection);
      // From one byte to the next in the same direction it takes longer than the limit.
      for (let index = 0; index < 5; index++) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        if (index % 2 === 0) await send(connection, bytesOf("x"));
        else await peer.write(bytesOf("y"));
        last = performance.now();
      }
      assert.equal((await closed).error?.name, "TimeoutError");
      assert.ok(performance.now() - last >= 490, "any byte begins the time anew");
    },
    { outboundSocketInactivityTimeout: 500 },
  );
});

test("a dialed connection may be without a byte for two minutes by default", async () => {
  await withConnection((connection) => {
    assert.equal(connection.inactivityTimeout, 120_000);
    return Promise.resolve();
  });
});

for (const end of ["close", "abort"] as const) {
  test(`${end}() ends the wait for inactivity, too`, async () => {
    await withPeer(async (trial, peer, ma) => {
      const [connection, conn] = await Promise.all([trial.dial(ma), peer.accept()]);
      await conn.closeWrite();
      if (end === "close") await connection.close();
      else connection.abort(new Error("enough"));
      await new Promise((resolve) => setTimeout(resolve, 150));
      assert.deepEqual(trial.logged.filter(({ format }) => format.startsWith("tcp timeout")), []);
    }, { outboundSocketInactivityTimeout: 60 });
  });
}

test("an inactivity that is longer than timers take is as long as they take", async () => {
  await withPeer(async (trial, _peer, ma) => {
    await trial.dial(ma);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(trial.opened[0]!.status, "open");
  }, { outboundSocketInactivityTimeout: Number.MAX_SAFE_INTEGER });
});

test("what is unsent when the peer ends its side is given up after outboundSocketInactivityTimeout", async () => {
  await withConnection(async (connection, peer) => {
    const closed = closing(connection);
    connection.send(new Uint8Array(totalBytes));
    await peer.closeWrite();
    await closed;
    await new Promise((resolve) => setTimeout(resolve, 500));
    let read = 0;
    await readEach(peer, (chunk) => read += chunk.byteLength).catch(() => {});
    assert.ok(read < totalBytes / 2, `${read} arrived`);
  }, { outboundSocketInactivityTimeout: 100 });
});
