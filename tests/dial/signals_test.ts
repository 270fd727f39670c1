import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import { abortable, linkedController, onAbort } from "../../src/dial/signals.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";
import { settle } from "../fakes/virtual_clock.ts";

test("onAbort() calls once, and not after it was undone", () => {
  const calls: string[] = [];
  const one = new WatchedSignal();
  onAbort(one.signal, () => calls.push("one"));
  one.abort("now");
  one.abort("again");
  const two = new WatchedSignal();
  const unlink = onAbort(two.signal, () => calls.push("two"));
  unlink();
  unlink();
  two.abort("now");
  assert.deepEqual(calls, ["one"]);
  assert.deepEqual([one.listeners, two.listeners], [0, 0]);
});

test("onAbort() of no signal does nothing", () => {
  onAbort(undefined, () => assert.fail())();
});

test("linkedController() follows its parent with the same reason, until unlinked", () => {
  const parent = new WatchedSignal();
  const following = linkedController(parent.signal);
  const unlinked = linkedController(parent.signal);
  unlinked.unlink();
  const reason = new Error("enough");
  parent.abort(reason);
  assert.equal(following.controller.signal.reason, reason);
  assert.equal(unlinked.controller.signal.aborted, false);
  assert.equal(parent.listeners, 0);
});

test("linkedController() of an aborted parent is aborted, with any reason", () => {
  for (const reason of [new Error("enough"), null, 0, "a word"]) {
    const { controller, unlink } = linkedController(AbortSignal.abort(reason));
    assert.equal(controller.signal.aborted, true);
    assert.equal(controller.signal.reason, reason);
    unlink();
  }
  assert.equal(linkedController(undefined).controller.signal.aborted, false);
});

test("aborting a linked controller leaves its parent alone", () => {
  const parent = new WatchedSignal();
  const { controller, unlink } = linkedController(parent.signal);
  controller.abort();
  assert.equal(parent.signal.aborted, false);
  unlink();
  assert.equal(parent.listeners, 0);
});

test("abortable() gives what the promise gives, and stops listening", async () => {
  const watched = new WatchedSignal();
  assert.equal(await abortable(Promise.resolve(7), watched.signal), 7);
  const broken = new Error("broken");
  assert.equal(await rejectionOf(abortable(Promise.reject(broken), watched.signal)), broken);
  assert.equal(watched.listeners, 0);
  assert.equal(await abortable(Promise.resolve(8), undefined), 8);
});

test("abortable() rejects with the reason, and hands over what comes late", async () => {
  const watched = new WatchedSignal();
  let resolve = (_: string) => {};
  const late: string[] = [];
  const slow = new Promise<string>((done) => resolve = done);
  const waiting = abortable(slow, watched.signal, (value) => late.push(value));
  watched.abort("enough");
  assert.equal(await rejectionOf(waiting), "enough");
  resolve("late");
  await settle();
  assert.deepEqual(late, ["late"]);
  assert.equal(watched.listeners, 0);
});

test("abortable() of an aborted signal leaves no listener with a promise that never settles", async () => {
  const watched = new WatchedSignal();
  watched.abort("before");
  assert.equal(await rejectionOf(abortable(new Promise(() => {}), watched.signal)), "before");
  assert.equal(watched.listeners, 0);
});

test("what fails late after an abort is nobody's unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listen);
  try {
    const controller = new AbortController();
    let reject = (_: Error) => {};
    const slow = new Promise<never>((_, fail) => reject = fail);
    const waiting = abortable(slow, controller.signal);
    controller.abort("enough");
    assert.equal(await rejectionOf(waiting), "enough");
    reject(new Error("late"));
    await settle();
    await settle();
    assert.deepEqual(unhandled, []);
  } finally {
    process.off("unhandledRejection", listen);
  }
});

test("onAbort() says what is no signal", async () => {
  const wrong = { signal: 5 as unknown as AbortSignal };
  assert.throws(() => onAbort(wrong.signal, () => {}), {
    name: "TypeError",
    message: "signal must be an AbortSignal, not 5",
  });
  await assert.rejects(systemDialer().dialContext("tcp", "127.0.0.1:9", wrong), {
    name: "TypeError",
    message: "signal must be an AbortSignal, not 5",
  });
});
