/**
 * Checks that the arrows of the house point one way (ARCHITECTURE.md):
 *
 *     cli, libp2p → observe, policy, proxy, simulate, stream, testing, tls → resolve → dial → core
 *     proxy → tls → stream; adapters → resolve → dial → core
 *
 * and that nothing outside adapters/ names a runtime.
 */
import { posix } from "node:path";
import { findGlobals, findImports, readSources, type SourceFile } from "./source_imports.ts";

/** A line that breaks a rule. */
export interface Violation {
  path: string;
  line: number;
  message: string;
}

const foundation = ["core", "dial", "resolve"];
const middle = ["observe", "policy", "proxy", "simulate", "stream", "testing", "tls"];

/** What each room may import from, beside itself. */
const arrows: Record<string, readonly string[]> = {
  core: [],
  dial: ["core"],
  resolve: ["core", "dial"],
  ...Object.fromEntries(middle.map((room) => [room, foundation])),
  // Two arrows among these, where the work needs them: an HTTPS proxy wants TLS, and TLS a Duplex.
  proxy: [...foundation, "tls"],
  tls: [...foundation, "stream"],
  libp2p: [...foundation, ...middle],
  cli: [...foundation, ...middle],
  adapters: foundation,
  "mod.ts": [...foundation, ...middle],
};

/** The doors to the runtimes, and who may use them: for a default dialer, for the contract suite's default peers. */
const doors: Record<string, readonly string[]> = {
  "adapters/system.ts": ["mod.ts", "proxy", "policy", "libp2p", "cli"],
  "adapters/loopback_peers.ts": ["testing"],
};

/** The one room that knows libp2p, and the packages it knows. */
const libp2pPackages = /^(@libp2p\/|@chainsafe\/libp2p-|libp2p(\/|$))/;

/** Outside adapters/ a runtime is known by none of its names. */
const runtimeGlobals = ["Deno", "Bun"];
const runtimeModules = /^(node:net|net|bun(:.*)?|jsr:.*)$/;

/** All that is wrong with one source file. */
export function checkImports(file: SourceFile): Violation[] {
  const room = roomOf(file.path);
  const violations: Violation[] = [];
  const report = (line: number, message: string) =>
    violations.push({ path: file.path, line, message });

  for (const { specifier, line, typeOnly } of findImports(file)) {
    const message = specifier === undefined
      ? "imports what cannot be known before it runs"
      : specifier.startsWith(".")
      ? judgeFile(room, posix.join(posix.dirname(file.path), specifier), typeOnly)
      : judgePackage(room, specifier, typeOnly);
    if (message !== undefined) report(line, message);
  }
  if (room !== "adapters") {
    for (const { name, line } of findGlobals(file, runtimeGlobals)) {
      report(line, `names ${name}, which only adapters/ may`);
    }
  }
  return violations;
}

function judgeFile(room: string, target: string, typeOnly: boolean): string | undefined {
  if (!target.endsWith(".ts")) return `imports ${target}, without its .ts extension`;
  const targetRoom = roomOf(target);
  if (targetRoom === room) return undefined;
  if (arrows[room] === undefined) return `is in a room that has no arrows yet: ${room}`;
  if (arrows[room].includes(targetRoom) || doors[target]?.includes(room)) return undefined;
  // What the loopback peers implement.
  if (room === "adapters" && targetRoom === "testing" && typeOnly) return undefined;
  return `imports ${target}, but no arrow goes from ${room} to ${targetRoom}`;
}

function judgePackage(room: string, specifier: string, typeOnly: boolean): string | undefined {
  if (room !== "adapters" && runtimeModules.test(specifier)) {
    return `imports ${specifier}, which only adapters/ may`;
  }
  if (room !== "libp2p" && libp2pPackages.test(specifier)) {
    return `imports ${specifier}, which only libp2p may`;
  }
  if (room === "core" && !typeOnly) {
    return `imports ${specifier}, but core imports nothing outside itself, apart from types`;
  }
  return undefined;
}

/** `src/core/dialer.ts` is in `core`, `adapters/node.ts` in `adapters`, a file at the top is a room of its own. */
function roomOf(path: string): string {
  const [top, next] = path.split("/");
  return top === "src" ? next! : top!;
}

if (import.meta.main) {
  const violations = readSources().flatMap(checkImports);
  for (const { path, line, message } of violations) console.error(`${path}:${line} ${message}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
