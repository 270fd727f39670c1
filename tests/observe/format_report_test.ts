import assert from "node:assert/strict";
import { test } from "node:test";
import { type DialReport, formatReport } from "../../src/observe/mod.ts";

function step(
  kind: string,
  label: string,
  startMs: number,
  durationMs: number,
  rest: Partial<DialReport> = {},
): DialReport {
  return { kind, label, startMs, durationMs, outcome: "ok", children: [], ...rest };
}

const refused = { code: "ECONNREFUSED", message: "connection refused" };

test("formatReport() writes a line for each step, with its times, its bar and its outcome", () => {
  const report = step("dial", "tcp peer.example:4001", 0, 32, {
    children: [
      step("lookup", "peer.example IPv6", 0, 2, { detail: "2001:db8::1" }),
      step("lookup", "peer.example IPv4", 0, 4, { outcome: "lost" }),
      step("attempt", "[2001:db8::1]:4001", 2, 10, { outcome: "failed", error: refused }),
      step("attempt", "192.0.2.1:4001", 12, 20),
      step("attempt", "192.0.2.2:4001", 30, 2, { outcome: "lost" }),
    ],
  });
  assert.equal(
    formatReport(report),
    `tcp peer.example:4001: connected after 32.0 ms
   at ms     took
     0.0      2.0  █                ✓ lookup peer.example IPv6 → 2001:db8::1
     0.0      4.0  ▒▒               – lookup peer.example IPv4: not waited for
     2.0     10.0   ▒▒▒▒▒           ✗ attempt [2001:db8::1]:4001: connection
                                      refused
    12.0     20.0        ██████████ ✓ attempt 192.0.2.1:4001: connected
    30.0      2.0                 ▒ – attempt 192.0.2.2:4001: lost`,
  );
});

test("formatReport() indents what is nested, and tells a failure once, where it happened", () => {
  const error = {
    code: "ECONNREFUSED",
    message: "Cannot dial tcp4 192.0.2.1:1: connection refused",
  };
  const report = step("dial", "/ip4/192.0.2.1/tcp/1", 5, 2, {
    outcome: "failed",
    error,
    children: [
      step("dial", "tcp4 192.0.2.1:1", 5, 2, {
        outcome: "failed",
        error,
        children: [
          step("attempt", "192.0.2.1:1", 6, 1, { outcome: "failed", error: refused }),
        ],
      }),
    ],
  });
  assert.equal(
    formatReport(report),
    `/ip4/192.0.2.1/tcp/1: failed after 2.0 ms, ECONNREFUSED
   at ms     took
     0.0      2.0  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ ✗ dial tcp4 192.0.2.1:1: failed
     1.0      1.0          ▒▒▒▒▒▒▒▒   ✗ attempt 192.0.2.1:1: connection refused`,
  );
});

test("formatReport() writes a dial without steps in one line", () => {
  const report = step("dial", "/nonsense/1", 0, 0, {
    outcome: "failed",
    error: { code: "ERR_DIAL_MULTIADDR", message: "Cannot dial tcp /nonsense/1: unknown" },
  });
  assert.equal(formatReport(report), "/nonsense/1: failed after 0.0 ms, ERR_DIAL_MULTIADDR");
});

test("formatReport() keeps to the width, whatever it has to write", () => {
  let report = step("attempt", "x".repeat(300), 1, 1, { outcome: "aborted" });
  for (let depth = 0; depth < 20; depth++) {
    report = step("handshake", `level ${depth} ${"y".repeat(depth * 5)}`, depth, 1e6, {
      detail: "many words ".repeat(depth),
      children: [report, report],
    });
    if (depth > 6) report = { ...report, children: [report.children[0]!] };
  }
  for (const width of [60, 80, 120]) {
    const lines = formatReport(report, { width }).split("\n");
    assert.ok(lines.every((line) => line.length <= width));
    assert.ok(lines.some((line) => line.length > width - 15));
    assert.ok(lines.every((line) => line === line.trimEnd()));
  }
  assert.ok(formatReport(report).replace(/\s/g, "").includes("y".repeat(60)));
});

test("formatReport() escapes what would control a terminal", () => {
  const hostile = "a\u001b[31m\r\n\u009b\u202e\u2066\u200f\u061c\u{e0041}z";
  const report = step("dial", hostile, 0, 1, {
    outcome: "failed",
    error: refused,
    children: [
      step("lookup", hostile, 0, 1, { detail: hostile }),
      step("attempt", hostile, 0, 1, {
        outcome: "failed",
        error: { code: "EX", message: hostile },
      }),
    ],
  });
  const text = formatReport(report);
  // deno-lint-ignore no-control-regex -- looking for them is the point
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\x00-\x1f\x7f-\x9f\p{Cf}]/u);
  assert.ok(
    text.startsWith(
      "a\\u001b[31m\\u000d\\u000a\\u009b\\u202e\\u2066\\u200f\\u061c\\u{e0041}z: failed",
    ),
  );
});

test("formatReport() shortens peer ids in steps, not in the headline", () => {
  const ma = "/ip4/192.0.2.1/tcp/1/p2p/12D3KooWSpYwvtSsHyJ3YrHGGJNE7w54Apne9aAyrKJdUQLLSqMd";
  const text = formatReport(step("dial", ma, 0, 1, { children: [step("attempt", ma, 0, 1)] }));
  assert.ok(text.startsWith(`${ma}:\n`));
  assert.ok(text.replace(/\s+/g, " ").includes("attempt /ip4/192.0.2.1/tcp/1/p2p/…LLSqMd:"));
});

test("formatReport() refuses a width that is none", () => {
  for (const width of [59, 80.5, NaN, Infinity]) {
    assert.throws(() => formatReport(step("dial", "x", 0, 1), { width }), RangeError);
  }
});

test("formatReport() says so when it gets no report", () => {
  for (const wrong of [undefined, null, {}]) {
    assert.throws(() => formatReport(wrong as never), {
      name: "TypeError",
      message: /^report must be that of a connection or of a DialError, not /,
    });
  }
});
