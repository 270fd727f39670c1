import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import type { Conn } from "../../src/core/conn.ts";
import { isDialError } from "../../src/core/dial_error.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { childCommand } from "../children/child_command.ts";
import { runtime } from "../runtime.ts";

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "anydial-"));
  try {
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Bun reports as refused whatever it has no other name for. */
function codeOf(code: string): string {
  return runtime === "bun" ? "ECONNREFUSED" : code;
}

const dialers = { "systemDialer()": systemDialer(), "nodeDialer()": nodeDialer() };

for (const [name, dialer] of Object.entries(dialers)) {
  test(`${name}: what is no unix socket is told by its code`, async () => {
    await withDirectory(async (directory) => {
      const file = join(directory, "file");
      writeFileSync(file, "");
      for (
        const [path, code] of [
          [file, "ECONNREFUSED"],
          [directory, "ECONNREFUSED"],
          [join(file, "beyond"), codeOf("ENOTDIR")],
          [join(directory, "missing"), "ENOENT"],
          [join(directory, "long".repeat(30)), "ENAMETOOLONG"],
        ] as const
      ) {
        const error = await rejectionOf(dialer.dialContext("unix", path));
        assert.ok(isDialError(error), String(error));
        assert.equal(error.code, code, path);
      }
    });
  });

  test(`${name}: a unix socket whose listener's queue is full is told as such`, async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, "socket");
      const [command, ...args] = childCommand("full_unix_socket.ts", path);
      const child = spawn(command!, args, { stdio: ["pipe", "pipe", "inherit"] });
      const exited = once(child, "exit");
      await once(child.stdout, "data");
      const conns: Conn[] = [];
      let failure: unknown;
      // Bun's listeners have a queue of 512, whatever they are asked for.
      while (failure === undefined && conns.length < 1_500) {
        await dialer.dialContext("unix", path).then((conn) => conns.push(conn), (error) => {
          failure = error;
        });
      }
      for (const conn of conns) conn.reset();
      child.stdin.end();
      await exited;
      assert.ok(isDialError(failure), String(failure));
      assert.equal(failure.code, codeOf("EAGAIN"));
    });
  });
}
