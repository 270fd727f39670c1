import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readDenoManifest, root } from "../../scripts/manifest.ts";
import { FakeSocks5 } from "../fakes/proxy/fake_socks5.ts";
import { runtime } from "../runtime.ts";
import { startNode } from "./nodes/node_process.ts";

/** The libp2p program of the README, with this checkout in the place of the package. */
function program(socks: string): string {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const block = /```ts\n((?:(?!```)[^])*createLibp2p[^]*?)```/.exec(readme)![1]!;
  const { exports } = readDenoManifest();
  const text = block.replace("127.0.0.1:9050", socks).replace(
    /"@anydial\/dialer(\/\w+)?"/g,
    (_, name = "") => JSON.stringify(join(root, exports[`.${name}`]!)),
  );
  // Bun's `node:crypto` lacks noise's cipher, as docs/libp2p.md says.
  return runtime === "bun"
    ? text.replace("{ noise }", "{ noise, pureJsCrypto }")
      .replace("noise()", "noise({ crypto: pureJsCrypto })")
    : text;
}

/** Runs a program until it has written a line. */
async function firstLine(file: string, argument: string): Promise<string> {
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
  const child = spawn(process.execPath, [...flags, file, argument], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const limit = setTimeout(() => child.kill("SIGKILL"), 60_000);
  let output = "";
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.includes("\n")) resolve();
    });
    child.on("exit", () => resolve());
  });
  clearTimeout(limit);
  // On Deno a node of libp2p never lets its process go.
  child.kill("SIGKILL");
  await ended;
  return output.slice(0, output.indexOf("\n"));
}

test("the libp2p program of the README pings a peer through a SOCKS5 proxy", async () => {
  const socks = await FakeSocks5.listen();
  const peer = await startNode("node", "theirs");
  // In the repository, where packages are found.
  const directory = mkdtempSync(join(root, ".readme-"));
  try {
    const file = join(directory, "program.ts");
    writeFileSync(file, program(socks.address));
    assert.match(await firstLine(file, peer.ma), /^\d+ ms$/);
    assert.ok(socks.requests.length > 0, "it went through the proxy");
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await peer.stop();
    await socks.close();
  }
});
