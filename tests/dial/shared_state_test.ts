import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import type { DialEvent } from "../../src/core/dial_event.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { composeDialer } from "../../src/dial/compose_dialer.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";

test("what one user writes into an event or a report shows in no other user's", async () => {
  const endless = composeDialer("endless", [], () => new Promise(() => {}));
  const last = async (dialer: ContextDialer, address: string) => {
    let event: DialEvent | undefined;
    const controller = new AbortController();
    const dial = dialer.dialContext("tcp", address, {
      signal: controller.signal,
      onEvent: (each) => event = each,
    });
    controller.abort("enough");
    assert.equal(await rejectionOf(dial), "enough");
    return (event as { error: { message: string } }).error;
  };
  for (const [dialer, address] of [[endless, "a:1"], [systemDialer(), "127.0.0.1:1"]] as const) {
    const first = await last(dialer, address);
    assert.equal(first.message, "aborted by the caller");
    Reflect.set(first, "message", "written by somebody");
    assert.equal((await last(dialer, address)).message, "aborted by the caller");
  }
});
