import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { canHaveFiles, privateFilesHint, withPrivateFiles } from "./private_files.ts";
import { findProgram } from "./program.ts";
import { freePorts, type ServerProcess, startServer, writeServerFile } from "./server_process.ts";

const sshd = findProgram("sshd", "apt-get install openssh-server");
const ssh = findProgram("ssh", "apt-get install openssh-client");
const keygen = findProgram("ssh-keygen", "apt-get install openssh-client");

const isRoot = process.getuid?.() === 0;

/** Why `ssh -D` cannot be tested here; `undefined` if it can. */
export const sshdMissing: string | undefined = sshd.missing ?? ssh.missing ?? keygen.missing ??
  (isRoot && !canHaveFiles ? privateFilesHint : undefined);

/**
 * A SOCKS4, 4a and 5 server: `ssh -D` with an sshd behind it, both with keys of their own. sshd runs in inetd mode over the
 * client's ProxyCommand, so that it needs no port and leaves the process group in which it was started to nobody.
 */
export async function startSshd(): Promise<ServerProcess & { readonly address: string }> {
  const [port] = await freePorts(1);
  const server = await startServer((directory) => ({
    command: prepareSsh(directory, port!),
    listens: [port!],
  }));
  return Object.assign(server, { address: `127.0.0.1:${port}` });
}

function prepareSsh(directory: string, port: number): string[] {
  const at = (name: string) => join(directory, name);
  for (const name of ["host", "user"]) {
    spawnSync(keygen.path, ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", at(name)]);
  }
  const publicKey = (name: string) => readFileSync(at(`${name}.pub`), "utf8").trim();
  const authorized = writeServerFile(directory, "authorized_keys", publicKey("user") + "\n");
  const known = writeServerFile(directory, "known_hosts", `anydial ${publicKey("host")}\n`);
  const config = writeServerFile(
    directory,
    "sshd_config",
    [
      `HostKey ${at("host")}`,
      "PidFile none",
      `AuthorizedKeysFile ${authorized}`,
      // It is of the temporary directory's modes that it would complain.
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "LogLevel ERROR",
    ].join("\n") + "\n",
  );
  const options = {
    BatchMode: "yes",
    ExitOnForwardFailure: "yes",
    HostKeyAlias: "anydial",
    IdentitiesOnly: "yes",
    LogLevel: "ERROR",
    ProxyCommand: `${sshd.path} -i -e -f ${config}`,
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: known,
  };
  const command = [
    ssh.path,
    ...["-F", "none", "-N", "-D", `127.0.0.1:${port}`, "-i", at("user")],
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    `${isRoot ? "root" : userInfo().username}@anydial`,
  ];
  // As another user than root, sshd takes in just that one, who must then be one of the system's.
  return isRoot ? withPrivateFiles(command, directory) : command;
}
