import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { DialError, type DialErrorInit, isDialError } from "../../mod.ts";
import { dialFailure } from "../../src/core/dial_error.ts";
import { describeCode, systemErrorCode } from "../../src/core/error_reason.ts";

const init: DialErrorInit = {
  code: "ECONNREFUSED",
  phase: "connect",
  network: "tcp",
  address: "192.0.2.1:4001",
  reason: "connection refused",
  report: {
    kind: "dial",
    label: "tcp 192.0.2.1:4001",
    startMs: 0,
    durationMs: 1,
    outcome: "failed",
    children: [],
  },
};

test("a DialError says on one line what could not be done and why", () => {
  const error = new DialError(init);
  assert.equal(error.message, "Cannot dial tcp 192.0.2.1:4001: connection refused");
  assert.equal(error.name, "DialError");
  assert.ok(error instanceof Error);
  assert.deepEqual(
    [error.code, error.phase, error.network, error.address, error.reason],
    ["ECONNREFUSED", "connect", "tcp", "192.0.2.1:4001", "connection refused"],
  );
  const via = new DialError({
    ...init,
    via: "socks5h://***@127.0.0.1:1080",
    hop: "127.0.0.1:1080",
  });
  assert.equal(
    via.message,
    "Cannot dial tcp 192.0.2.1:4001 via socks5h://***@127.0.0.1:1080: connection refused",
  );
});

test("a DialError has only what it was given", () => {
  const bare = new DialError(init);
  for (const key of ["cause", "via", "hop", "blame", "errors"]) {
    assert.ok(!Object.hasOwn(bare, key), key);
  }
  const cause = new Error("original");
  const full = new DialError({ ...init, cause, hop: "p", blame: "proxy", errors: [bare] });
  assert.deepEqual([full.cause, full.hop, full.blame, full.errors], [cause, "p", "proxy", [bare]]);
});

test("a DialError's message is one line, whatever was dialed", () => {
  const address = "a\nb\u001b[31m\u2028:9";
  const error = new DialError({ ...init, address, reason: `"${address}" is no name` });
  const shown = "a\\u000ab\\u001b[31m\\u2028:9";
  assert.equal(error.message, `Cannot dial tcp ${shown}: "${shown}" is no name`);
  assert.equal(error.reason, `"${shown}" is no name`);
  assert.equal(error.address, address);
});

test("a printed DialError does not drown in its report", () => {
  assert.ok(!inspect(new DialError(init)).includes("durationMs"));
  assert.ok(!JSON.stringify(new DialError(init)).includes("durationMs"));
});

test("isDialError() knows those of other copies of the package, and nothing else", () => {
  assert.ok(isDialError(new DialError(init)));
  const other = Object.assign(new Error(), { [Symbol.for("anydial.DialError")]: true });
  assert.ok(isDialError(other));
  for (const not of [undefined, null, "DialError", new Error(), { name: "DialError" }]) {
    assert.ok(!isDialError(not));
  }
});

test("dialFailure() puts anything in one line with a code", () => {
  assert.deepEqual(dialFailure(new DialError(init)), {
    code: "ECONNREFUSED",
    message: "Cannot dial tcp 192.0.2.1:4001: connection refused",
  });
  const two = Object.assign(new Error("one\n  two"), { code: "EODD" });
  assert.deepEqual(dialFailure(two), { code: "EODD", message: "one two" });
  for (const [thrown, message] of [["a word", "a word"], [undefined, "undefined"], [7, "7"]]) {
    assert.deepEqual(dialFailure(thrown), { code: "ERR_DIAL_FAILED", message });
  }
});

test("systemErrorCode() gives one name to what runtimes call by several", () => {
  for (
    const [code, expected] of [
      ["ECONNREFUSED", "ECONNREFUSED"],
      ["EAI_NODATA", "ENOTFOUND"],
      ["EAI_NONAME", "ENOTFOUND"],
      ["EAI_FAIL", "EAI_AGAIN"],
      ["ETIMEOUT", "ETIMEDOUT"],
      ["ERR_SOMETHING", undefined],
      ["toString", undefined],
      [42, undefined],
    ]
  ) {
    assert.equal(systemErrorCode({ code }), expected);
  }
  assert.equal(systemErrorCode(null), undefined);
  assert.equal(systemErrorCode(undefined), undefined);
});

test("describeCode() has words for the system's codes alone", () => {
  assert.equal(describeCode("ECONNREFUSED"), "connection refused");
  assert.equal(describeCode("ERR_DIAL_FAILED"), undefined);
});
