/**
 * A process of its own that dials ADDRESSES COUNT times and aborts each dial at a random moment, then prints what is
 * open, next to what was before: `abort_dials.ts DIALER COUNT SEED ADDRESS...`. It has to end by itself.
 */
import { readdirSync } from "node:fs";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import { SeededRandom } from "../../src/testing/seeded_random.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";

const [dialerName, count, seed, ...addresses] = process.argv.slice(2);
const make = dialerName === "nodeDialer()" ? nodeDialer : systemDialer;
// With a limit, so that each dial has a timer to leave behind.
const dialer = make({ timeoutMs: 60_000 });
const random = new SeededRandom(Number(seed));

const timers = new Set<unknown>();
const { setTimeout, clearTimeout } = globalThis;
globalThis.setTimeout = Object.assign((callback: () => void, ms?: number) => {
  const timer = setTimeout(() => {
    timers.delete(timer);
    callback();
  }, ms);
  timers.add(timer);
  return timer;
}, setTimeout);
globalThis.clearTimeout = (timer) => {
  timers.delete(timer);
  clearTimeout(timer);
};

/** What the process has open. */
interface Open {
  descriptors: number;
  timers: number;
  /** What keeps the process alive, by kind, where the runtime tells. */
  resources: string;
}

function open(): Open {
  const { getActiveResourcesInfo } = process as { getActiveResourcesInfo?(): string[] };
  return {
    // Reading the folder opens one more, each time.
    descriptors: readdirSync("/proc/self/fd").length,
    timers: timers.size,
    resources: (getActiveResourcesInfo?.() ?? []).sort().join(" "),
  };
}

const outcomes = { dialed: 0, aborted: 0, other: 0 };
let listeners = 0;

async function dialAndAbort(address: string): Promise<void> {
  const watched = new WatchedSignal();
  const reason = new Error("enough");
  const dial = dialer.dialContext("tcp", address, { signal: watched.signal }).then(
    (conn) => {
      outcomes.dialed++;
      conn.close();
    },
    (error) => {
      if (error === reason) outcomes.aborted++;
      else outcomes.other++;
    },
  );
  const moment = random.below(4);
  if (moment > 0) {
    // Within a microtask, a turn of the event loop, or some milliseconds.
    for (let turns = random.below(10); turns > 0; turns--) await undefined;
    if (moment > 1) await new Promise((resolve) => setImmediate(resolve));
    if (moment > 2) await new Promise((resolve) => setTimeout(resolve, random.below(15)));
  }
  watched.abort(reason);
  await dial;
  listeners += watched.listeners;
}

/** Closing takes the system a moment; what is still open after that will stay. */
async function settled(before: Open): Promise<Open> {
  let now = open();
  for (let tries = 0; tries < 40 && !same(before, now); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    now = open();
  }
  return now;
}

function same(before: Open, now: Open): boolean {
  return now.descriptors <= before.descriptors && now.timers === 0 &&
    now.resources === before.resources;
}

// What is opened once, on first use, is no leak: `node:net` asks for stderr with the first socket it destroys, and Deno
// opens a pair of sockets for itself some time after the start.
void process.stderr;
for (const address of addresses) await dialAndAbort(address);
for (let still = 0, last = open(); still < 12;) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  const now = open();
  still = now.descriptors === last.descriptors ? still + 1 : 0;
  last = now;
}
Object.assign(outcomes, { dialed: 0, aborted: 0, other: 0 });

const before = open();
for (let done = 0; done < Number(count);) {
  const batch = Math.min(25, Number(count) - done);
  const dials = Array.from({ length: batch }, () => {
    return dialAndAbort(addresses[random.below(addresses.length)]!);
  });
  await Promise.all(dials);
  done += batch;
}
const after = await settled(before);
console.log(JSON.stringify({ before, after, listeners, outcomes }));
// Bun cannot cancel a pending connect, which holds the process until the kernel gives up.
if ("bun" in process.versions) process.exit(0);
