import { chmodSync, existsSync } from "node:fs";
import { server as certificate } from "../certs/certificates.ts";
import { passwordHash, username } from "./credentials.ts";
import { canHaveFiles, privateFilesHint, withPrivateFiles } from "./private_files.ts";
import { findProgram } from "./program.ts";
import { freePorts, type ServerProcess, startServer, writeServerFile } from "./server_process.ts";

const squid = findProgram("squid", "apt-get install squid-openssl");
const basicHelper = "/usr/lib/squid/basic_ncsa_auth";

/** Why squid cannot be tested here; `undefined` if it can. */
export const squidMissing: string | undefined = squid.missing ??
  (existsSync(basicHelper)
    ? undefined
    : `${basicHelper} is missing: apt-get install squid-openssl`) ??
  // It changes to another user, and leaves its shared memory behind when it is killed.
  (process.getuid?.() === 0 && canHaveFiles ? undefined : privateFilesHint);

/** A squid and its ports. */
export interface Squid extends ServerProcess {
  /** Plain HTTP, open to all. */
  readonly address: string;
  /** Plain HTTP, wants the credentials of credentials.ts. */
  readonly basicAddress: string;
  /** TLS with the certificate `server` of tests/certs, open to all. */
  readonly tlsAddress: string;
}

/**
 * An HTTP proxy with three ports.
 *
 * @param forbiddenPort A port of any target that its rules forbid.
 */
export async function startSquid(forbiddenPort = 9): Promise<Squid> {
  const ports = await freePorts(3);
  const [open, basic, tls] = ports;
  const server = await startServer((directory) => {
    // Started as root, squid goes on as another user, who must get to the passwords.
    chmodSync(directory, 0o755);
    const passwords = writeServerFile(directory, "passwords", `${username}:${passwordHash}\n`);
    const config = writeServerFile(
      directory,
      "squid.conf",
      [
        `http_port 127.0.0.1:${open} name=open`,
        `http_port 127.0.0.1:${basic} name=basic`,
        `https_port 127.0.0.1:${tls} name=tls tls-cert=${certificate.certFile} tls-key=${certificate.keyFile}`,
        `auth_param basic program ${basicHelper} ${passwords}`,
        "auth_param basic children 1 startup=1",
        "auth_param basic utf8 off",
        "acl authenticated proxy_auth REQUIRED",
        "acl basic_port myportname basic",
        `acl forbidden port ${forbiddenPort}`,
        "http_access deny forbidden",
        "http_access deny basic_port !authenticated",
        "http_access allow all",
        "visible_hostname anydial",
        "pid_filename none",
        "access_log none",
        "cache_log /dev/null",
        "cache deny all",
        "coredump_dir none",
        "pinger_enable off",
        "max_filedescriptors 4096",
        // Nobody answers there, so that no question leaves the machine.
        "dns_nameservers 127.0.0.1",
        "dns_retransmit_interval 100 milliseconds",
        "dns_timeout 300 milliseconds",
        "connect_timeout 5 seconds",
      ].join("\n") + "\n",
    );
    // The name is that of its shared memory, which two of them must not have in common.
    const command = [squid.path, "-N", "-n", `anydial${open}`, "-d", "1", "-f", config];
    return { command: withPrivateFiles(command, directory), listens: ports };
  });
  const [address, basicAddress, tlsAddress] = ports.map((port) => `127.0.0.1:${port}`);
  return Object.assign(server, {
    address: address!,
    basicAddress: basicAddress!,
    tlsAddress: tlsAddress!,
  });
}
