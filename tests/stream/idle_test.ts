import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:https";
import { test } from "node:test";
import { server as certificate } from "../certs/certificates.ts";
import { childCommand } from "../children/child_command.ts";
import { closeServer, listen, textOf } from "./net_peer.ts";

for (
  const [what, sentence] of [
    ["agent", "a keep-alive agent's idle connection does not keep the process alive"],
    ["conn", "an idle connection in TLS does not keep the process alive"],
  ] as const
) {
  test(sentence, async () => {
    const server = createServer(certificate, (_request, response) => response.end("hello"));
    // It is not the server that ends it.
    server.keepAliveTimeout = 0;
    try {
      const port = await listen(server);
      const [command, ...args] = childCommand("idle_over_tls.ts", what, String(port));
      const child = spawn(command!, args, { stdio: ["ignore", "pipe", "inherit"] });
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      const exited = once(child, "exit");
      assert.equal(await textOf(child.stdout), "idle\n");
      assert.deepEqual(await exited, [0, null]);
      clearTimeout(timer);
    } finally {
      await closeServer(server);
    }
  });
}
