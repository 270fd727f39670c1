import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { linkCommand } from "../../scripts/check/commands.ts";
import { root } from "../../scripts/manifest.ts";
import { runProcess } from "../../scripts/run_process.ts";

/** What the link check says of a page in docs/, beside a README.md with the heading "On @a/b". */
async function checkLinks(page: string): Promise<{ code: number; output: string }> {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  // In the repository, so that remark finds its plugin.
  const directory = mkdtempSync(join(root, ".tmp/links-"));
  try {
    mkdirSync(join(directory, "docs"));
    writeFileSync(join(directory, "README.md"), "# On @a/b\n");
    writeFileSync(join(directory, "docs/page.md"), page);
    const options = { cwd: directory, limitMs: 60_000, output: "collect" as const };
    return await runProcess(linkCommand(["README.md", "docs/page.md"]), options);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("the link check allows links to files, headings and elsewhere", async () => {
  const links = ["../README.md", "../README.md#on-ab", "#here", "https://b.example/x"];
  const text = ["# Here", ...links.map((link) => `[a](${link})`), "```", "[a](x.md)", "```"];
  const { code, output } = await checkLinks(text.join("\n\n"));
  assert.equal(output, "");
  assert.equal(code, 0);
});

for (const link of ["x.md", "#on-b", "../README.md#on-b", "../docs/x.md#y"]) {
  test(`the link check finds a link that leads nowhere: ${link}`, async () => {
    const { code, output } = await checkLinks(`# Here\n\n[a](${link})\n`);
    assert.equal(code, 1);
    assert.match(output, /Cannot find (file|heading)/);
  });
}
