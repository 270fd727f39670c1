/**
 * A process that dials ADDRESS, writes and closes while its peer stays, and prints how many milliseconds later it ends:
 * `close_and_end.ts DIALER ADDRESS`.
 */
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";

const dialer = process.argv[2] === "nodeDialer()" ? nodeDialer() : systemDialer();
const conn = await dialer.dialContext("tcp", process.argv[3]!);
await conn.write(new Uint8Array(1));
conn.close();
const start = performance.now();
process.on("exit", () => console.log(String(Math.round(performance.now() - start))));
