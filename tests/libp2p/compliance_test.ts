import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runProcess } from "../../scripts/run_process.ts";
import { danteMissing, startDante } from "../peers/dante.ts";
import { squidMissing, startSquid } from "../peers/squid.ts";
import { runtime } from "../runtime.ts";

// libp2p's own suite for transports, in processes of its own: compliance_program.ts says why.

interface Outcome {
  readonly name: string;
  readonly error?: string;
}

/** How many tests the suite has, for each address family. */
const suiteTests = 15;
/** Under which name it is noted that some did not run. */
const everyTest = "(every test)";

const program = fileURLToPath(new URL("nodes/compliance_program.ts", import.meta.url));

/** Runs the suite once, on this runtime. */
async function runSuite(...args: string[]): Promise<Map<string, string | undefined>> {
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
  const command = [process.execPath, ...flags, program, ...args];
  const { output } = await runProcess(command, { limitMs: 100_000, output: "collect" });
  const ran = output.split("\n").filter((line) => line.startsWith("{")).map((line) =>
    JSON.parse(line) as Outcome
  );
  const outcomes = new Map(ran.map(({ name, error }) => [name, error]));
  if (ran.length < suiteTests) outcomes.set(everyTest, `${ran.length} ran: ${output}`);
  return outcomes;
}

/**
 * Squid ends a tunnel in both directions as soon as one side has ended, and answers what the other still says by a reset: now
 * and then that makes the listener's side of a closed connection an aborted one, with any transport.
 */
const racesWithSquid = "should close all streams when the connection closes";
const mostRaces = 8;

/** Runs the suite, and where that race was lost its test again, each time by a squid that has not been used. */
async function runSuiteBySquid(family: string, address: string): ReturnType<typeof runSuite> {
  const outcomes = await runSuite(family, "http-connect", address);
  for (let race = 1; race < mostRaces && outcomes.get(racesWithSquid) !== undefined; race++) {
    console.log(`the race with squid was lost over ${family}: ${outcomes.get(racesWithSquid)}`);
    const another = await startSquid();
    const args = [family, "http-connect", another.address, racesWithSquid];
    const ran = await runSuite(...args).finally(() => another.stop());
    outcomes.set(racesWithSquid, ran.get(ran.has(racesWithSquid) ? racesWithSquid : everyTest));
  }
  return outcomes;
}

const missing = danteMissing ?? squidMissing;
const dante = missing === undefined ? await startDante({ method: "none" }) : undefined;
const squid = missing === undefined ? await startSquid() : undefined;
const ways: [string, string | undefined, (family: string) => ReturnType<typeof runSuite>][] = [
  ["directly", undefined, (family) => runSuite(family)],
  ["through SOCKS5", missing, (family) => runSuite(family, "socks5", dante!.address)],
  ["through HTTP CONNECT", missing, (family) => runSuiteBySquid(family, squid!.address)],
];
const suites: { name: string; skip?: string; outcomes?: Map<string, string | undefined> }[] = [];
try {
  for (const [way, skip, run] of ways) {
    suites.push(
      ...await Promise.all(["ip4", "ip6"].map(async (family) => {
        const name = `compliance ${way} over ${family}`;
        return skip === undefined ? { name, outcomes: await run(family) } : { name, skip };
      })),
    );
  }
} finally {
  await dante?.stop();
  await squid?.stop();
}

// Registered when all is known: node:test would end the file's tests while it still awaits the next.
const tests = [...suites[0]!.outcomes!.keys()].filter((name) => name !== everyTest);
for (const { name: suite, skip, outcomes } of suites) {
  for (const name of tests) {
    test(`${suite}: ${name}`, { skip }, () => {
      if (!outcomes!.has(name)) assert.fail(`not run: ${outcomes!.get(everyTest)}`);
      assert.equal(outcomes!.get(name), undefined);
    });
  }
}

test("the compliance suite has as many tests as are counted on", () => {
  assert.equal(tests.length, suiteTests);
});
