/**
 * Runs a node that listens, prints its multiaddr, and ends with its standard input.
 *
 *     node tests/libp2p/node_program.ts ours
 */
import { makeNode } from "./make_node.ts";

const transport = process.argv[2] === "theirs" ? "theirs" : "ours";
const node = await makeNode({ transport, listen: ["/ip4/127.0.0.1/tcp/0"] });
console.log(node.getMultiaddrs()[0]!.toString());
process.stdin.on("end", () => process.exit(0)).resume();
