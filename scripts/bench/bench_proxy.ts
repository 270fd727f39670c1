/**
 * `npm run bench:proxy [-- --rounds 7 --dials 300 --mib 256 --runtime bun]`: ours through microsocks, dante and tinyproxy, against
 * the `socks` package, `https-proxy-agent` and a direct connection, alternating in one run. See bench.ts for what a ratio is.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { danteMissing, startDante } from "../../tests/peers/dante.ts";
import { microsocksMissing, startMicrosocks } from "../../tests/peers/microsocks.ts";
import { startTinyproxy, tinyproxyMissing } from "../../tests/peers/tinyproxy.ts";
import { withBenchServer } from "./bench_server.ts";
import { type CaseTable, ratioHeading, ratioRow } from "./ratio_table.ts";
import { root } from "../manifest.ts";
import { runForJson } from "../run_for_json.ts";
import { type Runtime, sourceRuntimes } from "../runtimes.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    dials: { type: "string", default: "300" },
    mib: { type: "string", default: "256" },
    runtime: { type: "string", multiple: true, default: [...sourceRuntimes] },
  },
});

for (const missing of [microsocksMissing, danteMissing, tinyproxyMissing]) {
  if (missing !== undefined) {
    throw new Error(`The benchmark's proxies are not all there: ${missing}`);
  }
}
const microsocks = await startMicrosocks("none");
const dante = await startDante({ method: "username" });
const tinyproxy = await startTinyproxy();
try {
  await withBenchServer(async (port) => {
    const { rounds, dials, mib } = values;
    console.log(
      `${dials} dials, ${mib} MiB down the tunnel through dante, medians of ${rounds} rounds, ms`,
    );
    console.log("theirs: socks, https-proxy-agent; for the tunnel a direct connection of ours");
    console.log(ratioHeading());
    const proxies = [microsocks, dante, tinyproxy].map(({ address }) => address);
    const client = join(root, "scripts/bench/proxy_client.ts");
    for (const runtime of values.runtime as Runtime[]) {
      const args = [port, rounds, dials, Number(mib) * 1024 * 1024, ...proxies];
      for (
        const [what, times] of Object.entries(await runForJson<CaseTable>(runtime, client, args))
      ) {
        console.log(ratioRow(runtime, what, times));
      }
    }
  });
} finally {
  await Promise.all([microsocks.stop(), dante.stop(), tinyproxy.stop()]);
}
