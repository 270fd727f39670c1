/**
 * Tries random inputs on all codecs and parsers of `src/proxy`.
 *
 *     npm run fuzz
 *     npm run fuzz -- --runs 10000 --seed 42 --only Socks5
 *
 * `--time SECONDS` (1800) is the limit for all of it: a codec that hangs fails the run. A failure
 * is printed with the smallest input that was found and with the seed that finds it again.
 */
import fc from "fast-check";
import process from "node:process";
import { parseArgs } from "node:util";
import { isMainThread, Worker } from "node:worker_threads";
import { codecProperties } from "../../tests/proxy/fuzz/codec_properties.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000000" },
    seed: { type: "string" },
    only: { type: "string", default: "" },
    time: { type: "string", default: "1800" },
  },
});

// The inputs are tried in a worker, since nothing can interrupt a loop in the own thread.
if (isMainThread) watch();
else run(count("runs"), values.seed === undefined ? undefined : Number(values.seed));

function watch(): void {
  const seed = values.seed ?? String((Date.now() ^ (Math.random() * 0x100000000)) | 0);
  const worker = new Worker(new URL(import.meta.url), {
    argv: [...process.argv.slice(2), `--seed=${seed}`],
  });
  const timer = setTimeout(() => {
    console.error(
      `not done after ${values.time} s, seed ${seed}: a codec hangs, or --time is too short`,
    );
    process.exit(1);
  }, count("time") * 1000);
  worker.on("exit", (code) => {
    clearTimeout(timer);
    process.exitCode = code;
  });
}

function run(runs: number, seed: number | undefined): void {
  const chosen = codecProperties.filter(({ name }) => name.includes(values.only));
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  if (shares === 0) {
    throw new TypeError(`no property has ${JSON.stringify(values.only)} in its name`);
  }
  console.log(`fuzz seed ${seed}`);
  let tried = 0;
  for (const { name, share, property } of chosen) {
    const numRuns = Math.ceil(runs * share / shares);
    const start = performance.now();
    const details = fc.check(property as fc.IProperty<[unknown]>, { seed, numRuns });
    tried += details.numRuns;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(
      `${details.failed ? "FAILED" : "ok"}  ${details.numRuns} inputs  ${seconds} s  ${name}`,
    );
    if (details.failed) {
      console.error(fc.defaultReportMessage(details));
      process.exitCode = 1;
    }
  }
  console.log(`${tried} inputs, ${process.exitCode === 1 ? "FAILED" : "nothing found"}`);
}

function count(option: "runs" | "time"): number {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < 1) {
    throw new TypeError(
      `--${option} ${JSON.stringify(values[option])} is not a positive whole number`,
    );
  }
  return value;
}
