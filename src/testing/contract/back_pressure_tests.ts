import assert from "node:assert/strict";
import type { Contract } from "./contract.ts";
import { contractTest } from "./contract_run.ts";
import type { PeerConn } from "../../../adapters/loopback/peers.ts";
import { bytesOf, readEach, readExactly } from "../read_all.ts";
import { delay } from "../waiting.ts";

const chunkBytes = 256 * 1024;
/** More than a connection can buffer, including the buffers of kernels and of several proxies. */
const mostBytes = 256 * 1024 * 1024;

/** A side that stops reading stops the other, so that memory stays bounded. */
export function backPressureTests(contract: Contract): void {
  contractTest(contract, "a peer that does not read stops the writer", async (trial) => {
    const { conn, peer } = await trial.connect();
    await stops(conn, peer);
  });
  contractTest(contract, "a reader that does not read stops the peer", async (trial) => {
    const { conn, peer } = await trial.connect();
    await stops(peer, conn);
  });
  contractTest(contract, "a reader that pauses stops the peer", async (trial) => {
    const { conn, peer } = await trial.connect();
    // Stopping a running transfer differs from never starting it.
    await peer.write(bytesOf("begin"));
    await readExactly(conn, 5);
    await stops(peer, conn);
  });
}

type WriteEnd = Pick<PeerConn, "write" | "closeWrite">;

async function stops(writer: WriteEnd, reader: Pick<PeerConn, "read">): Promise<void> {
  let written = 0;
  let stopped = false;
  const writing = (async () => {
    const chunk = new Uint8Array(chunkBytes).fill(7);
    while (!stopped && written < mostBytes) written += await writer.write(chunk);
    await writer.closeWrite();
  })();
  await untilStill(() => written);
  assert.ok(written < mostBytes, "the writer is stopped");
  assert.ok(written > 0);
  // The pending write is the last one.
  stopped = true;
  let read = 0;
  await readEach(reader, (chunk) => read += chunk.byteLength);
  await writing;
  assert.equal(read, written);
}

/**
 * Waits until a number has not changed for a while: no event reports that a transfer has stopped.
 */
async function untilStill(value: () => number): Promise<void> {
  let last = -1;
  for (let still = 0; still < 4;) {
    await delay(50);
    still = value() === last ? still + 1 : 0;
    last = value();
  }
}
