import { noise, pureJsCrypto } from "@chainsafe/libp2p-noise";
import { runtime } from "../../runtime.ts";

/** Noise as it works on this runtime: Bun's `node:crypto` lacks the cipher. */
export function noiseHere(): ReturnType<typeof noise> {
  return noise(runtime === "bun" ? { crypto: pureJsCrypto } : {});
}
