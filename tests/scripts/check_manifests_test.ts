import assert from "node:assert/strict";
import { test } from "node:test";
import { checkManifests, type ManifestFiles } from "../../scripts/check/check_manifests.ts";

function agreeing(): ManifestFiles {
  const lock = { version: "1.2.3", packages: { "": { version: "1.2.3" }, "node_modules/a": {} } };
  return {
    deno: {
      name: "@anydial/dialer",
      version: "1.2.3",
      license: "MIT",
      exports: { ".": "./mod.ts" },
      imports: { a: "npm:a@^1.0.0", "@s/peer": "npm:@s/peer@^3.3.0", "@j/s": "jsr:@j/s@^1.0.0" },
      tasks: { test: "npm run test --" },
    },
    node: {
      name: "@anydial/dialer",
      version: "1.2.3",
      private: true,
      description: "",
      license: "MIT",
      engines: {},
      scripts: { test: "node scripts/test/test.ts" },
      dependencies: { a: "^1.0.0" },
      devDependencies: { "@s/peer": "3.3.0", tool: "1.0.0" },
    },
    lockFile: JSON.stringify(lock),
    npmConfig: "omit-lockfile-registry-resolved=true\nfund=false\n",
    changelog: "# Changelog\n\n## 1.2.3\n",
    documents: { "README.md": "`@anydial/dialer` as jsr:@anydial/dialer or @anydial/dialer@^1" },
  };
}

test("checkManifests() finds nothing where all agree", () => {
  assert.deepEqual(checkManifests(agreeing()), []);
});

const planted: [name: string, plant: (files: ManifestFiles) => void, expected: RegExp][] = [
  ["versions", ({ node }) => node.version = "1.2.4", /version is "1.2.3" in deno.json/],
  ["a public package.json", ({ node }) => node.private = false, /not private/],
  ["ranges", ({ deno }) => deno.imports.a = "npm:a@^1.1.0", /a is \^1\.1\.0 in deno.json/],
  ["a missing dependency", ({ node }) => delete node.dependencies.a, /missing in package.json/],
  ["a missing import", ({ deno }) => delete deno.imports.a, /a is in package.json, but not/],
  ["a peer's pin", ({ node }) => node.devDependencies["@s/peer"] = "3.4.0", /@s\/peer is \^3/],
  ["an alias", ({ deno }) => deno.imports.b = "npm:a@^1.0.0", /maps "b"/],
  ["tasks", ({ deno }) => deno.tasks.test = "node a.ts", /task "test" is not/],
  ["a lost task", ({ node }) => delete node.scripts.test, /task "test" is no script/],
  ["a missing task", ({ deno }) => delete deno.tasks.test, /task "test" is not/],
  ["a lost file", ({ deno }) => deno.exports["./x"] = "./no_such.ts", /no file: .\/no_such.ts/],
  ["the changelog", (files) => files.changelog = "## 1.2.30\n## 11.2.3", /no heading "## 1.2.3"/],
  ["a registry", (files) => files.npmConfig += "registry=x\n", /names a registry/],
  ["a scope's registry", (files) => files.npmConfig += "@s:registry=x\n", /names a registry/],
  [
    "an old lock",
    (files) => files.lockFile = files.lockFile.replace("1.2.3", "1.2.2"),
    /version 1/,
  ],
  [
    "a download address",
    (files) => files.lockFile = files.lockFile.replace("{}", '{"resolved":"x"}'),
    /node_modules\/a was downloaded from/,
  ],
  [
    "a documented subpath",
    (files) => files.documents["README.md"] += ' from "@anydial/dialer/nowhere";',
    /README.md names @anydial\/dialer\/nowhere/,
  ],
  [
    "a documented subpath with a version",
    (files) => files.documents["README.md"] += " jsr:@anydial/dialer@^1/nowhere",
    /names @anydial\/dialer\/nowhere/,
  ],
  [
    "a path in a document",
    (files) =>
      files.documents["docs/page.md"] =
        "`src/core/`, `npm test -- tests/no_such_test.ts` and mod.ts",
    /docs\/page.md names tests\/no_such_test.ts,/,
  ],
];
for (const [name, plant, expected] of planted) {
  test(`checkManifests() finds what does not agree: ${name}`, () => {
    const files = agreeing();
    plant(files);
    const problems = checkManifests(files);
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0]!, expected);
  });
}
