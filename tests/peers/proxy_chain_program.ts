/** What the process of proxy_chain.ts runs: port and method are its arguments. */
import { Server } from "proxy-chain";
import { password, username } from "./credentials.ts";

const [port, method] = process.argv.slice(2);
const server = new Server({
  host: "127.0.0.1",
  port: Number(port),
  prepareRequestFunction: (request) => ({
    requestAuthentication: method === "basic" &&
      (request.username !== username || request.password !== password),
  }),
});
await server.listen();
