import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A certificate with its key, as PEM and as the files that other programs read. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Signs all of the others but `selfSigned`. */
export const ca: TestCertificate = load("ca");

/** For `localhost`, 127.0.0.1 and ::1. */
export const server: TestCertificate = load("server");

/** To authenticate a client with. */
export const client: TestCertificate = load("client");

/** The client's key, encrypted with {@linkcode clientPassphrase}. */
export const clientEncryptedKey: string = read(pathOf("client_encrypted.key.pem"));

/** What {@linkcode clientEncryptedKey} is encrypted with. */
export const clientPassphrase = "open-sesame";

/** As `server`, but expired in 2020. */
export const expired: TestCertificate = load("expired");

/** For `wrong.example` and 192.0.2.1 alone. */
export const wrongName: TestCertificate = load("wrong_name");

/** As `server`, but signed by itself. */
export const selfSigned: TestCertificate = load("self_signed");

function load(name: string): TestCertificate {
  const certFile = pathOf(`${name}.cert.pem`);
  const keyFile = pathOf(`${name}.key.pem`);
  return { cert: read(certFile), key: read(keyFile), certFile, keyFile };
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}
