import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { test } from "node:test";
import { root } from "../../scripts/manifest.ts";
import { runsAlone, serialFiles } from "../../scripts/test/serial_files.ts";

const files = globSync("tests/**/*_test.ts", { cwd: root });

for (const [path, reason] of serialFiles) {
  test(`a test file that runs alone is there: ${path}, which ${reason}`, () => {
    assert.ok(files.some((file) => file.startsWith(path)));
  });
}

test("runsAlone() tells the files that run alone from the others", () => {
  assert.equal(runsAlone("tests/real/tor_test.ts"), true);
  assert.equal(runsAlone("tests/core/host_port_test.ts"), false);
  const alone = files.filter(runsAlone);
  assert.ok(alone.length < files.length / 4, `${alone.length} of ${files.length}`);
});
