/** A process that listens at the unix socket PATH and accepts nothing: `full_unix_socket.ts PATH`. Ends with its stdin. */
import { readSync, writeSync } from "node:fs";
import { createServer } from "node:net";

createServer().listen({ path: process.argv[2]!, backlog: 1 }, () => {
  writeSync(1, "listening\n");
  // From here on the event loop stands still.
  readSync(0, new Uint8Array(1));
  process.exit();
});
