import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/manifest.ts";
import { runtimeBinary } from "../../scripts/runtimes.ts";

/** The adapter's text without its own declaration of the runtime, so that the real one is seen. */
function withoutDeclaration(adapter: "deno" | "bun", name: string, instead = ""): string {
  const directory = join(root, "adapters", adapter);
  const text = readFileSync(join(directory, `${adapter}_dialer.ts`), "utf8");
  const declaration = new RegExp(`^declare const ${name}: \\{\n[^]*?^\\};\n`, "m");
  assert.match(text, declaration);
  return text.replace(declaration, instead)
    .replace(
      /^(.*)"(\.{1,2}\/[^"]+\.ts)"/gm,
      (_, before, path) => `${before}"${join(directory, path)}"`,
    );
}

/** Both of what its overloads take, for an overload takes no union. */
const bunConnect = `declare const Bun: {
  connect(
    options: Bun.TCPSocketConnectOptions<Context> | Bun.UnixSocketOptions<Context>,
  ): Promise<unknown>;
};
`;

/** In a folder of the repository, where packages are found. */
function checkTypes(text: string, command: (file: string) => string[]): void {
  const directory = mkdtempSync(join(root, ".types-"));
  try {
    const file = join(directory, "adapter.ts");
    writeFileSync(file, text);
    const [binary, ...args] = command(file);
    const { status, stdout, stderr } = spawnSync(binary!, args, { cwd: root, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const deno = (file: string) => [runtimeBinary("deno"), "check", "--quiet", file];
const bun = (file: string) => [
  runtimeBinary("node"),
  join(root, "node_modules/typescript/bin/tsc"),
  ...["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck"],
  ...["--target", "ES2022", "--lib", "ES2023,ESNext.Disposable,DOM"],
  ...["--module", "NodeNext", "--types", "bun-types", "--allowImportingTsExtensions"],
  file,
];

test("what the adapter says of Deno is so by Deno's own types", () => {
  checkTypes(withoutDeclaration("deno", "Deno"), deno);
});

test("what the adapter says of Bun is so by Bun's own types", () => {
  checkTypes(withoutDeclaration("bun", "Bun", bunConnect), bun);
});

test("a member that Deno or Bun does not have is found", () => {
  assert.throws(() => checkTypes("Deno.dial({ port: 1 });", deno), /dial/);
  assert.throws(() => checkTypes("Bun.dial({ port: 1 });", bun), /dial/);
});
