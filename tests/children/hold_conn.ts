/**
 * A process of its own that dials ADDRESS with the dialer named DIALER, does what CASE says, and then has nothing
 * more to do: `hold_conn.ts DIALER ADDRESS CASE`.
 */
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";

const [dialerName, address, what] = process.argv.slice(2);
const dialer = dialerName === "nodeDialer()" ? nodeDialer() : systemDialer();
const conn = await dialer.dialContext("tcp", address!);
const buffer = new Uint8Array(16);

switch (what) {
  case "idle":
    break;
  case "idle after a read":
    await conn.write(buffer);
    await conn.read(buffer);
    break;
  case "idle with unread data":
    await conn.write(buffer);
    await conn.read(buffer.subarray(0, 1));
    break;
  case "pending read":
    conn.read(buffer).then(() => console.log("read"));
    break;
  case "pending read, unref":
    conn.read(buffer).then(() => console.log("read"));
    conn.unref();
    break;
  case "unref, pending read":
    conn.unref();
    conn.read(buffer).then(() => console.log("read"));
    break;
  case "unref, pending read, ref":
    conn.unref();
    conn.read(buffer).then(() => console.log("read"));
    conn.ref();
    break;
  case "pending write":
    conn.write(new Uint8Array(64 * 1024 * 1024)).then(() => console.log("written"));
    break;
  case "closed":
    conn.read(buffer).catch(() => console.log("rejected"));
    conn.close();
    break;
  default:
    throw new TypeError(`no such case: ${what}`);
}
console.log("done");
