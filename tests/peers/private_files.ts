import { spawnSync } from "node:child_process";
import { passwordHash, username } from "./credentials.ts";
import { writeServerFile } from "./server_process.ts";

/** Whether a server may see files of its own in place of the system's: needs root, or user namespaces. */
export const canHaveFiles: boolean = tryUnshare();

/** Why a server that needs files of its own cannot be tested. */
export const privateFilesHint =
  "run as root, or allow user namespaces, for a server with accounts of its own";

/**
 * Wraps a command so that the server sees accounts and a lookup of its own, and `/run` and `/dev/shm` empty, in a mount namespace: nothing
 * of the system is changed, and nothing is left behind. Names are looked up in a hosts file alone, so that an unknown one fails
 * at once and no question leaves the machine.
 *
 * @param command The server's command.
 * @param directory Where the files are put.
 * @returns The wrapped command; where namespaces cannot be had, the command as it is.
 */
export function withPrivateFiles(command: readonly string[], directory: string): string[] {
  if (!canHaveFiles) return [...command];
  const files = {
    passwd: [
      "root:x:0:0:root:/:/bin/sh",
      // What sshd and squid change to.
      "proxy:x:13:13:proxy:/:/bin/false",
      "sshd:x:65533:65534:sshd:/:/bin/false",
      `${username}:x:4242:65534::/:/bin/false`,
    ],
    shadow: ["root:*:19000::::::", `${username}:${passwordHash}:19000::::::`],
    hosts: ["127.0.0.1 localhost"],
    "nsswitch.conf": ["passwd: files", "shadow: files", "group: files", "hosts: files"],
  };
  const mounts = Object.entries(files).map(([name, lines]) => {
    const path = writeServerFile(directory, name, lines.join("\n") + "\n");
    return `mount --bind '${path}' /etc/${name}`;
  });
  mounts.push(
    "mount -t tmpfs tmpfs /dev/shm",
    "mount -t tmpfs tmpfs /run",
    "mkdir /run/sshd",
    'exec "$@"',
  );
  return [...unshare("--mount"), "/bin/sh", "-c", mounts.join(" && "), "sh", ...command];
}

/** Wraps a command so that it has no network at all, its loopback included. */
export function withoutNetwork(command: readonly string[]): string[] {
  return [...unshare("--net"), ...command];
}

function unshare(kind: "--mount" | "--net"): string[] {
  return ["unshare", kind, ...(process.getuid?.() === 0 ? [] : ["--map-root-user"])];
}

function tryUnshare(): boolean {
  const [command, ...args] = [...unshare("--mount"), "mount", "-t", "tmpfs", "tmpfs", "/mnt"];
  return spawnSync(command!, args, { stdio: "ignore" }).status === 0;
}
