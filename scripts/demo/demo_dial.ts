/**
 * The first part of the demo on each runtime: dials a libp2p node directly and through proxies, and
 * negotiates a protocol with it. Arguments: the multiaddr, then the URLs of proxies.
 */
import { type Conn, type ContextDialer, isDialError, systemDialer } from "../../mod.ts";
import { dialMultiaddr } from "../../src/multiaddr/mod.ts";
import { formatReport } from "../../src/observe/mod.ts";
import { proxyDialer } from "../../src/proxy/mod.ts";

/**
 * The protocol of the negotiation itself, and the one that a libp2p node wants next: encryption.
 */
const protocols = ["/multistream/1.0.0", "/noise"];

const [ma, ...proxies] = process.argv.slice(2);
const direct = systemDialer({ timeoutMs: 5_000 });
// The empty path is refused, but only once the runtime's adapter is loaded, which would lengthen
// the first dial.
await direct.dialContext("unix", "").catch(() => {});
await demonstrate("directly", direct);
for (const url of proxies) await demonstrate(`through ${url}`, proxyDialer(url, { via: direct }));

async function demonstrate(way: string, dialer: ContextDialer): Promise<void> {
  console.log(`\n── ${way}`);
  try {
    const conn = await dialMultiaddr(dialer, ma!);
    console.log(formatReport(conn.report));
    for (const protocol of protocols) {
      await conn.write(encodeMessage(protocol));
      const answer = await readMessage(conn);
      console.log(`sent ${protocol}, the peer answered ${answer}`);
      if (answer !== protocol) throw new Error(`the peer does not speak ${protocol}`);
    }
    conn.close();
  } catch (error) {
    if (isDialError(error)) console.log(formatReport(error.report));
    console.error(String(error));
    process.exitCode = 1;
  }
}

/**
 * A multistream message: its length as a varint, which is one byte below 128, the text, and a line
 * break.
 */
function encodeMessage(text: string): Uint8Array {
  const body = new TextEncoder().encode(`${text}\n`);
  return Uint8Array.of(body.byteLength, ...body);
}

async function readMessage(conn: Conn): Promise<string> {
  const [length] = await readExactly(conn, 1);
  if (length! > 127) throw new Error("the peer's answer is longer than any protocol asked for");
  return new TextDecoder().decode(await readExactly(conn, length!)).trimEnd();
}

async function readExactly(conn: Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await conn.read(bytes.subarray(filled));
    if (count === null) throw new Error("the peer closed the connection");
    filled += count;
  }
  return bytes;
}
