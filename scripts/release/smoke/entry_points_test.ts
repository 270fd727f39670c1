/**
 * What a user has who installed the package and nothing else; run by `smoke.ts` on every runtime.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemDialer } from "@anydial/dialer";

const modules = fileURLToPath(new URL("node_modules", import.meta.url));
const installed = join(modules, "@anydial/dialer");
const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
  name: string;
  exports: Record<string, unknown>;
  bin?: Record<string, string>;
  peerDependencies?: Record<string, string>;
};
const peers = Object.keys(manifest.peerDependencies ?? {});
const hasPeers = peers.length > 0 && peers.every((name) => existsSync(join(modules, name)));

for (const subpath of Object.keys(manifest.exports)) {
  if (subpath === "./package.json") continue;
  const name = manifest.name + subpath.slice(1);
  if (subpath === "./libp2p" && !hasPeers) {
    test(`${name} cannot be imported without its peers`, async () => {
      await assert.rejects(import(name), /@libp2p/);
    });
  } else {
    test(`${name} can be imported`, async () => {
      assert.ok(Object.keys(await import(name)).length > 0);
    });
  }
}

for (const [name, path] of Object.entries(manifest.bin ?? {})) {
  // Through the link the file does not have the name that it was started by.
  for (const file of [join(installed, path), join(modules, ".bin", name)]) {
    test(`the command ${name} explains itself as ${relative(modules, file)}`, () => {
      const args = "deno" in process.versions ? ["run", "-A"] : [];
      const command = [...args, file, "--help"];
      const { status, stdout } = spawnSync(process.execPath, command, { encoding: "utf8" });
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(name));
    });
  }
}

if (!hasPeers) {
  test("nothing of libp2p is installed, so nothing of it can be loaded", () => {
    assert.ok(existsSync(join(modules, "@multiformats")));
    const names = readdirSync(modules).flatMap((scope) =>
      scope.startsWith("@")
        ? readdirSync(join(modules, scope)).map((name) => `${scope}/${name}`)
        : scope
    );
    assert.deepEqual(names.filter((name) => name.includes("libp2p")), []);
  });
}

test("systemDialer() of the package reaches a listener", async () => {
  const server = createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const conn = await systemDialer().dialContext("tcp", `127.0.0.1:${port}`);
  const buffer = new Uint8Array(16);
  assert.equal(await conn.read(buffer), 5);
  assert.equal(await conn.read(buffer), null);
  conn.close();
  server.close();
  await once(server, "close");
});
