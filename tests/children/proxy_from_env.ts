/** A process of its own that makes a dialer of the environment, and prints why it could not. */
import { proxyFromEnv } from "../../src/proxy/mod.ts";

try {
  proxyFromEnv();
} catch (error) {
  console.log(String(error));
}
