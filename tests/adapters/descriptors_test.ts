import assert from "node:assert/strict";
import { test } from "node:test";
import { runProcess } from "../../scripts/run_process.ts";
import { childCommand } from "../children/child_command.ts";
import { startEcho } from "../fakes/proxy/target.ts";

test("without a descriptor left a dial is EMFILE, and neither proxy nor target is blamed", async () => {
  const listener = await startEcho();
  try {
    const limited = ["sh", "-c", 'ulimit -n 128 && exec "$@"', "sh"];
    const command = childCommand("without_descriptors.ts", String(listener.port));
    const run = await runProcess([...limited, ...command], { limitMs: 30_000, output: "collect" });
    assert.equal(run.code, 0, run.output);
    const { without, after } = JSON.parse(run.output.trim().split("\n").pop()!);
    assert.deepEqual(without, {
      connect: "EMFILE",
      unix: "EMFILE",
      name: "EMFILE",
      proxy: "EMFILE",
      "named proxy": "EMFILE",
      "name for a proxy": "EMFILE",
    });
    const [connect, named] = after;
    assert.equal(connect, "dialed");
    // Whatever the machine's resolver says of a name that cannot be.
    assert.match(named, /^(?:ENOTFOUND|EAI_AGAIN) proxy$/);
  } finally {
    await listener.close();
  }
});
