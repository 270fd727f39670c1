import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import type { Conn } from "../../src/core/conn.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import { completeConn } from "../../src/conn/foreign_conn.ts";
import { bytesOf } from "../../src/testing/read_all.ts";
import { runtime } from "../runtime.ts";
import { fromDuplex, toDuplex } from "../../src/stream/mod.ts";
import { type NetPeer, netPeer } from "../stream/net_peer.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The connections that there are, each over a socket of the system. */
const kinds: Record<string, (conn: Conn) => Conn> = {
  "of the system": (conn) => conn,
  "derived": (conn) => deriveConn(conn, {}),
  "of somebody else's": (conn) => {
    const { localAddr, remoteAddr } = conn;
    const read = (buffer: Uint8Array) => conn.read(buffer);
    const write = (data: Uint8Array) => conn.write(data);
    const close = () => conn.close();
    const foreign = { localAddr, remoteAddr, read, write, close };
    return completeConn(foreign, "tcp", "")!;
  },
  "over a stream": (conn) => fromDuplex(toDuplex(conn)),
};

interface Ends {
  conn: Conn;
  peer: Awaited<ReturnType<NetPeer["accept"]>>;
}

async function withConns(use: (ends: Ends, kind: string) => Promise<void>): Promise<void> {
  const server = await netPeer();
  try {
    for (const [kind, make] of Object.entries(kinds)) {
      const conn = make(await systemDialer().dialContext("tcp", server.address));
      try {
        await use({ conn, peer: await server.accept() }, kind);
      } finally {
        conn.close();
      }
    }
  } finally {
    await server.close();
  }
}

/** What only looks like bytes. */
const impostors: Record<string, () => unknown> = {
  "with the prototype": () => Object.create(Uint8Array.prototype, { byteLength: { value: 4 } }),
  "with the tag": () => ({ [Symbol.toStringTag]: "Uint8Array", byteLength: 4, set() {} }),
  "a Proxy": () => new Proxy(new Uint8Array(4), {}),
  "a revoked Proxy": () => {
    const { proxy, revoke } = Proxy.revocable(new Uint8Array(4), {});
    revoke();
    return proxy;
  },
  "whose tag throws": () => ({
    get [Symbol.toStringTag]() {
      throw new Error("do not ask");
    },
  }),
};

test("what only looks like bytes is a TypeError of read() and of write()", async () => {
  await withConns(async ({ conn, peer }, kind) => {
    for (const [what, make] of Object.entries(impostors)) {
      for (const call of ["read", "write"] as const) {
        await assert.rejects(conn[call](make() as Uint8Array), {
          name: "TypeError",
          message: /^Cannot (read into|write) what is not a Uint8Array but /,
        }, `${call} ${what}, ${kind}`);
      }
    }
    // The connection is none the worse.
    await conn.write(bytesOf("still"));
    assert.equal(text((await once(peer, "data"))[0]), "still");
    peer.write("there");
    const buffer = new Uint8Array(8);
    assert.equal(await conn.read(buffer), 5);
  });
});

/** Bytes that are some, of which nothing but the memory can be relied on. */
const hostile: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  "without a prototype": (bytes) => Object.setPrototypeOf(bytes, null),
  "whose methods throw": (bytes) => {
    const refuse = () => {
      throw new Error("do not call");
    };
    const throwing = { value: refuse };
    return Object.defineProperties(bytes, {
      ...{ set: throwing, subarray: throwing, slice: throwing, constructor: { get: refuse } },
    });
  },
  "whose getters throw": (bytes) => {
    const throwing = {
      get() {
        throw new Error("do not ask");
      },
    };
    return Object.defineProperties(bytes, { byteLength: throwing, byteOffset: throwing });
  },
};

test("bytes with hostile methods are read into and written as others", async () => {
  await withConns(async ({ conn, peer }, kind) => {
    for (const [what, spoil] of Object.entries(hostile)) {
      const about = `${what}, ${kind}`;
      assert.equal(await conn.write(spoil(bytesOf("question"))), 8, about);
      assert.equal(text((await once(peer, "data"))[0]), "question", about);
      const memory = new ArrayBuffer(4);
      const read = conn.read(spoil(new Uint8Array(memory)));
      peer.write("answer");
      assert.equal(await read, 4, about);
      assert.equal(text(new Uint8Array(memory)), "answ", about);
      assert.equal(await conn.read(spoil(new Uint8Array(memory))), 2, about);
      assert.equal(text(new Uint8Array(memory)), "ersw", about);
    }
  });
});

test("a large write of bytes with hostile methods arrives whole", async () => {
  await withConns(async ({ conn, peer }, kind) => {
    const bytes = 16 * 1024 * 1024;
    for (const [what, spoil] of Object.entries(hostile)) {
      let received = 0;
      const all = new Promise<void>((resolve) => {
        const count = (chunk: Uint8Array) => {
          received += chunk.length;
          if (received < bytes) return;
          peer.off("data", count);
          resolve();
        };
        peer.on("data", count);
      });
      assert.equal(await conn.write(spoil(new Uint8Array(bytes))), bytes, `${what}, ${kind}`);
      await all;
      assert.equal(received, bytes);
    }
  });
});

/** Memory that can shrink, which the libraries that this is checked with do not know. */
function resizable(bytes: number): ArrayBuffer & { resize(bytes: number): void } {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => unknown;
  const memory = new Resizable(bytes, { maxByteLength: bytes });
  return memory as ArrayBuffer & { resize(bytes: number): void };
}

test("a buffer that shrinks while its read waits loses no byte", async () => {
  await withConns(async ({ conn, peer }, kind) => {
    const memory = resizable(8);
    const shrinking = new Uint8Array(memory);
    const read = conn.read(shrinking);
    const next = new Uint8Array(2);
    const queued = conn.read(next);
    memory.resize(2);
    peer.write("12345678");
    assert.equal(await read, 2, kind);
    assert.equal(text(shrinking), "12", kind);
    assert.equal(await queued, 2, kind);
    assert.equal(text(next), "34", kind);
    const rest = new Uint8Array(8);
    assert.equal(await conn.read(rest), 4, kind);
    assert.equal(text(rest.subarray(0, 4)), "5678", kind);
    peer.write("more");
    assert.equal(await conn.read(rest), 4, kind);
  });
});

test("a buffer that shrinks to less than its view is a TypeError, and loses no byte", async () => {
  await withConns(async ({ conn, peer }, kind) => {
    const memory = resizable(8);
    const read = conn.read(new Uint8Array(memory, 0, 8));
    const refused = assert.rejects(read, TypeError, kind);
    let over = false;
    conn.closed.then(() => over = true);
    memory.resize(2);
    peer.write("12345678");
    await refused;
    const rest = new Uint8Array(16);
    assert.equal(await conn.read(rest), 8, kind);
    assert.equal(text(rest.subarray(0, 8)), "12345678", kind);
    assert.equal(over, false, kind);
    // The same buffer may be big enough again.
    peer.write("ok");
    memory.resize(8);
    assert.equal(await conn.read(new Uint8Array(memory)), 2, kind);
    peer.end();
    assert.equal(await conn.read(new Uint8Array(memory)), null, kind);
  });
});

test("a buffer that is detached while its read waits is a TypeError", async () => {
  await withConns(async ({ conn, peer }, kind) => {
    const gone = new Uint8Array(8);
    const refused = assert.rejects(conn.read(gone), TypeError, kind);
    // Until it waits in the system, also that of a connection which queues reads itself.
    await new Promise((resolve) => setImmediate(resolve));
    structuredClone(gone, { transfer: [gone.buffer] });
    peer.write("lost?");
    await refused;
    peer.write(" next");
    const rest = new Uint8Array(16);
    const count = await conn.read(rest) as number;
    // Deno's own sockets write to the memory that is gone.
    const isLost = runtime === "deno" && kind !== "over a stream";
    assert.match(text(rest.subarray(0, count)), isLost ? /^ next$/ : /^lost\?/, kind);
  });
});
