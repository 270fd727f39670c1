import type { MultiaddrConnection } from "../../../src/libp2p/mod.ts";

/** Sends, and waits where the connection wants that. */
export async function send(connection: MultiaddrConnection, data: Uint8Array): Promise<void> {
  if (connection.send(data)) return;
  await new Promise<void>((resolve, reject) => {
    const drained = () => {
      connection.removeEventListener("close", closed);
      resolve();
    };
    const closed = ({ error }: { error?: Error }) => {
      connection.removeEventListener("drain", drained);
      reject(error ?? new Error("closed"));
    };
    connection.addEventListener("drain", drained, { once: true });
    connection.addEventListener("close", closed, { once: true });
  });
}

/** What a connection gave. */
export interface Taken {
  bytes: number;
  /** Listens no more. */
  stop(): void;
  /** Listens again. */
  resume(): void;
}

/** Takes what comes, and counts it. */
export function collect(connection: MultiaddrConnection): Taken {
  const take = ({ data }: { data: { byteLength: number } }) => {
    taken.bytes += data.byteLength;
  };
  const taken: Taken = {
    bytes: 0,
    stop: () => connection.removeEventListener("message", take),
    resume: () => connection.addEventListener("message", take),
  };
  taken.resume();
  return taken;
}

/** Waits until a number has not changed for a while: that something stops can only be seen by waiting. */
export async function untilStill(value: () => number): Promise<void> {
  let last = -1;
  for (let still = 0; still < 4;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    still = value() === last ? still + 1 : 0;
    last = value();
  }
}
