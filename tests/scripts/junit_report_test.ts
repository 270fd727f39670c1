import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJunitReport } from "../../scripts/test/junit_report.ts";
import { judgeRun } from "../../scripts/test/test_file.ts";
import { countTests, isSuccess, listRemarkable } from "../../scripts/test/test_summary.ts";

// As Node 24.21, Deno 2.9.5 and Bun 1.4.5 write it.
const nodeReport = `<?xml version="1.0" encoding="utf-8"?>
<testsuites>
	<testcase name="passes &lt;&amp;&amp;quot;> ok" time="0.001040" classname="test" file="/p/a_test.ts"/>
	<!-- <testcase name="a diagnostic"/> -->
	<testcase name="fails" time="0.001" classname="test" failure="1 !== 2&#10;">
		<failure type="testCodeFailure" message="1 !== 2&#10;">
[Error [ERR_TEST_FAILURE]: 1 !== 2] { code: 'ERR_TEST_FAILURE' }
		</failure>
	</testcase>
	<testcase name="skips" time="0.000150" classname="test" file="/p/a_test.ts">
		<skipped type="skipped" message="install foo"/>
	</testcase>
	<!-- tests 3 -->
</testsuites>
`;
const denoReport = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="3" failures="1" errors="0" time="0.008">
    <testsuite name="./a_test.ts" tests="3" disabled="1" errors="0" failures="1">
        <testcase name="passes &lt;&amp;&quot;&gt; ok" classname="./a_test.ts" time="0.002" line="3" col="1">
        </testcase>
        <testcase name="fails" classname="./a_test.ts" time="0.003" line="4" col="1">
            <failure message="Uncaught AssertionError: 1 !== 2
">AssertionError: 1 !== 2 at (file:///p/a_test.ts:4:30)</failure>
        </testcase>
        <testcase name="skips" classname="./a_test.ts" time="0.000" line="5" col="1">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>
`;
const bunReport = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="3" assertions="0" failures="1" skipped="1" time="0.09">
  <testsuite name="a_test.ts" file="a_test.ts" tests="3" failures="1" skipped="1" hostname="vm">
    <testcase name="passes &lt;&amp;&quot;&gt; ok" classname="" time="0.0017" file="a_test.ts" line="3" />
    <testcase name="fails" classname="" time="0.001213" file="a_test.ts" line="4" assertions="0">
      <failure type="AssertionError" message="1 !== 2&#10;">AssertionError: 1 !== 2&#10;</failure>
    </testcase>
    <testcase name="skips" classname="" time="0" file="a_test.ts" line="5" assertions="0">
      <skipped />
    </testcase>
  </testsuite>
</testsuites>
`;

for (
  const [runtime, xml] of Object.entries({ node: nodeReport, deno: denoReport, bun: bunReport })
) {
  test(`parseJunitReport() reads what ${runtime} writes`, () => {
    const { tests, complete } = parseJunitReport(xml);
    assert.equal(complete, true);
    assert.deepEqual(tests.map(({ name, outcome }) => [name, outcome]), [
      ['passes <&"> ok', "passed"],
      ["fails", "failed"],
      ["skips", "skipped"],
    ]);
  });
}

test("parseJunitReport() keeps the reason of a skip", () => {
  assert.equal(parseJunitReport(nodeReport).tests[2]!.reason, "install foo");
});

test("parseJunitReport() counts a test that exits the process as failed", () => {
  const cancelled =
    '<testsuites><testcase name="a"><error message="Cancelled"/></testcase></testsuites>';
  assert.equal(parseJunitReport(cancelled).tests[0]!.outcome, "failed");
});

const passing = '<testsuites><testcase name="a"/></testsuites>';
const failing = '<testsuites><testcase name="a"><failure/></testcase></testsuites>';
const ended = { code: 0, timedOut: false };

test("judgeRun() takes a clean run as it is reported", () => {
  assert.deepEqual(judgeRun(ended, passing), [{ name: "a", outcome: "passed" }]);
  assert.deepEqual(judgeRun({ ...ended, code: 1 }, failing), [{ name: "a", outcome: "failed" }]);
});

const faults: [name: string, run: { code: number; timedOut: boolean }, xml: string][] = [
  ["has no report", ended, ""],
  ["has half a report", ended, '<testsuites><testcase name="a"/>'],
  ["has no tests", ended, '<testsuites name="deno test" tests="0">\n</testsuites>'],
  ["does not end", { code: 137, timedOut: true }, passing],
  ["exits with an error after its tests", { ...ended, code: 1 }, passing],
];
for (const [name, run, xml] of faults) {
  test(`judgeRun() fails a file that ${name}`, () => {
    assert.equal(judgeRun(run, xml).at(-1)?.outcome, "failed");
  });
}

test("isSuccess() wants a test that passed, none that failed, and on request none skipped", () => {
  assert.equal(isSuccess({ passed: 1, failed: 0, skipped: 1 }, false), true);
  assert.equal(isSuccess({ passed: 1, failed: 0, skipped: 1 }, true), false);
  assert.equal(isSuccess({ passed: 1, failed: 1, skipped: 0 }, false), false);
  assert.equal(isSuccess({ passed: 0, failed: 0, skipped: 0 }, false), false);
});

test("listRemarkable() names what failed, what was skipped and what differs between runtimes", () => {
  const { tests } = parseJunitReport(nodeReport);
  const results = [
    { runtime: "node" as const, file: "a_test.ts", tests },
    { runtime: "bun" as const, file: "a_test.ts", tests: tests.slice(0, 1) },
  ];
  assert.deepEqual(countTests(results), { passed: 2, failed: 1, skipped: 1 });
  assert.deepEqual(listRemarkable(results), [
    "failed on node: a_test.ts: fails",
    "skipped on node: a_test.ts: skips (install foo)",
    "note: a_test.ts has not the same number of tests everywhere: 3 on node, 1 on bun",
  ]);
});
