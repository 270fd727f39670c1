import { closeSync, openSync } from "node:fs";
import type { SystemErrorCode } from "../../src/core/dial_error_code.ts";
import { systemErrorCode } from "../../src/core/error_reason.ts";
import { setShortageProbe } from "../../src/resolver/shortage.ts";

/**
 * Without a free descriptor, Bun reports a refused connection and a temporary lookup failure, and
 * Deno reports an unknown name. Node reports EMFILE.
 */
if ("Deno" in globalThis || "Bun" in globalThis) setShortageProbe(findShortage);

function findShortage(): SystemErrorCode | undefined {
  try {
    openAndClose();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "EMFILE" || code === "ENFILE") return code;
  }
  return undefined;
}

const file = "/dev/null";

function openAndClose(): void {
  if (mayRead()) return closeSync(openSync(file, "r"));
  // Only if already granted: the user could not relate a permission prompt to a dial.
  const host = "127.0.0.1:0";
  const { state } = globals.Deno!.permissions.querySync({ name: "net", host });
  if (state === "granted") globals.Deno!.listen({ hostname: "127.0.0.1", port: 0 }).close();
}

function mayRead(): boolean {
  if (globals.Deno === undefined) return true;
  return globals.Deno.permissions.querySync({ name: "read", path: file }).state === "granted";
}

const globals = globalThis as {
  Deno?: {
    listen(options: { hostname: string; port: number }): { close(): void };
    permissions: { querySync(descriptor: object): { state: string } };
  };
};
