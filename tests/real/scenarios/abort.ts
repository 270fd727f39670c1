import assert from "node:assert/strict";
import { loopbackPeers } from "../../../adapters/loopback/loopback_peers.ts";
import type { DialEvent } from "../../../src/core/dial_event.ts";
import type { Running } from "../real_proxy.ts";
import { echo, startTarget } from "../target.ts";
import { within } from "../within.ts";
import { assertWorks } from "./failure.ts";

/** Aborted at each of its steps, a dial rejects with the reason itself, and the target's connection ends. */
export async function abortAtEachStep({ dialer, dial }: Running): Promise<void> {
  const target = await startTarget(echo);
  try {
    const steps: DialEvent[] = [];
    const conn = await dial(target.address, { onEvent: (event) => steps.push(event) });
    await assertWorks(conn);
    // The last one is the end of the dial, when it is too late.
    for (let step = 0; step < steps.length - 1; step++) {
      const reason = new Error(`at step ${step}, ${steps[step]!.type}`);
      const controller = new AbortController();
      let seen = 0;
      const dialing = dialer.dialContext("tcp", target.address, {
        signal: controller.signal,
        onEvent: () => seen++ === step && controller.abort(reason),
      });
      await rejectsWith(dialing, reason);
    }
    await target.idle();
    await assertWorks(await dial(target.address));
  } finally {
    await target.close();
  }
}

/** Aborted before or after, a dial is not begun, or does not notice. */
export async function abortBeforeAndAfter({ dialer, dial }: Running): Promise<void> {
  const target = await startTarget(echo);
  try {
    const reason = new Error("before");
    const events: DialEvent[] = [];
    const dialing = dialer.dialContext("tcp", target.address, {
      signal: AbortSignal.abort(reason),
      onEvent: (event) => events.push(event),
    });
    await rejectsWith(dialing, reason);
    assert.deepEqual(events, []);

    const controller = new AbortController();
    const conn = await dial(target.address, { signal: controller.signal });
    controller.abort(new Error("after"));
    await assertWorks(conn);
  } finally {
    await target.close();
  }
}

/** Aborted while the proxy says nothing. */
export async function abortInSilence({ server, dialer, dial }: Running): Promise<void> {
  const target = await startTarget(echo);
  try {
    await server.freeze();
    try {
      const controller = new AbortController();
      const reason = new Error("silence");
      const dialing = dialer.dialContext("tcp", target.address, {
        signal: controller.signal,
        // In a later turn, when the first bytes of the handshake are on their way.
        onEvent: ({ type }) =>
          type === "handshake-start" && setTimeout(() => controller.abort(reason), 10),
      });
      await rejectsWith(dialing, reason);
    } finally {
      server.thaw();
    }
    await assertWorks(await within("the next dial", dial(target.address)));
    await target.idle();
  } finally {
    await target.close();
  }
}

/** Aborted while the proxy waits for its target. */
export async function abortWhileProxyWaits({ dialer }: Running): Promise<void> {
  const silent = await loopbackPeers().silent();
  try {
    const controller = new AbortController();
    const reason = new Error("the target hangs");
    const dialing = dialer.dialContext("tcp", silent.address, {
      signal: controller.signal,
      onEvent: ({ type }) =>
        type === "handshake-start" && setTimeout(() => controller.abort(reason), 50),
    });
    await rejectsWith(dialing, reason);
  } finally {
    silent.answer();
    await silent.close();
  }
}

async function rejectsWith(dialing: Promise<unknown>, reason: Error): Promise<void> {
  const outcome = await within(
    `an abort (${reason.message})`,
    dialing.then(() => "it succeeded", (error: unknown) => error),
  );
  assert.equal(outcome, reason);
}
