import assert from "node:assert/strict";
import type { Conn } from "../../../src/core/conn.ts";
import { type DialError, isDialError } from "../../../src/core/dial_error.ts";
import type { DialErrorCode } from "../../../src/core/dial_error_code.ts";
import { bytesOf, readEach, readExactly } from "../../../src/testing/read_all.ts";
import { password, plainPassword } from "../../peers/credentials.ts";
import type { ServerProcess } from "../../peers/server_process.ts";
import type { BadCredentials, Running } from "../real_proxy.ts";
import { echo, startTarget } from "../target.ts";
import { within } from "../within.ts";

/** The proxy cannot reach the target: the target is blamed, or nobody if the proxy only hangs up; never the proxy. */
export async function badTarget(
  { dial }: Running,
  address: string,
  expected: DialErrorCode,
): Promise<void> {
  const error = await failedDial(within("the refusal", dial(address)));
  assert.equal(error.code, expected, error.message);
  assert.equal(error.address, address);
  if (!expected.startsWith("ERR_PROXY_")) return assert.equal(error.phase, "resolve");
  assert.equal(error.phase, "proxy");
  assert.equal(error.blame, expected === "ERR_PROXY_CLOSED" ? undefined : "target");
}

/** The proxy turns the dial away, and nothing of it shows. */
export async function badCredentials(
  { server }: Running,
  { dialer, code }: BadCredentials<ServerProcess>,
): Promise<void> {
  const target = await startTarget(echo);
  try {
    const dialing = dialer(server).dialContext("tcp", target.address);
    const error = await failedDial(within("the refusal", dialing));
    assert.equal(error.code, code, error.message);
    assert.equal(error.phase, code.startsWith("ERR_PROXY_") ? "proxy" : "tls");
    assert.equal(error.blame, "proxy");
    const shown = JSON.stringify([error.message, error.report, String(error.cause), error.cause]);
    for (const secret of [password, plainPassword, "wrong-s3cret"]) {
      assert.ok(!shown.includes(secret), shown);
    }
  } finally {
    await target.close();
  }
}

/** A proxy that accepts and is silent holds a dial no longer than its limit, and works again afterwards. */
export async function silentProxy(
  { proxy, server, dial }: Running,
  blamed: "proxy" | "target",
): Promise<void> {
  const target = await startTarget(echo);
  try {
    const limited = proxy.dialer(server, { timeoutMs: 300 });
    await server.freeze();
    try {
      const error = await failedDial(
        within("the limit", limited.dialContext("tcp", target.address)),
      );
      assert.equal(error.code, "ETIMEDOUT", error.message);
      assert.equal(error.blame, blamed);
    } finally {
      server.thaw();
    }
    await assertWorks(await within("the next dial", dial(target.address)));
  } finally {
    await target.close();
  }
}

/** The proxy is killed while a dial waits for its answer: where that is the answer to the request, it may be the target's fault. */
export async function killedInHandshake(
  { server, dialer }: Running,
  firstAnswerWaitsFor: "proxy" | "target",
): Promise<void> {
  const target = await startTarget(echo);
  try {
    await server.freeze();
    // What the listener gives cannot be seen by the compiler.
    const began: { event?: () => void } = {};
    const begun = new Promise<void>((resolve) => began.event = resolve);
    const dialing = dialer.dialContext("tcp", target.address, {
      onEvent: (event) => event.type === "handshake-start" && began.event!(),
    });
    const failing = failedDial(within("the failure", dialing));
    await within("the handshake", begun);
    await server.stop();
    const error = await failing;
    const unclear = error.phase === "proxy" && firstAnswerWaitsFor === "target";
    assert.equal(error.blame, unclear ? undefined : "proxy");
    // A handshake in one flight that was cut off is tried again step by step, over a new connection.
    const codes = ["ERR_PROXY_CLOSED", "ECONNRESET", "EPIPE", "ECONNREFUSED"];
    assert.ok(codes.includes(error.code), error.message);
    const phases = error.code === "ECONNREFUSED" ? ["connect"] : ["proxy", "tls"];
    assert.ok(phases.includes(error.phase), error.phase);
    assert.equal((await assertDown(dialer, target.address)).blame, "proxy");
  } finally {
    await target.close();
  }
}

/** The proxy is killed while bytes go both ways: both ends of the client's connection find out. */
export async function killedInMidStream({ proxy, server, dial, dialer }: Running): Promise<void> {
  const block = new Uint8Array(64 * 1024).fill(7);
  const target = await startTarget(async (conn) => {
    const sending = writeUntilCut(conn, block);
    await readEach(conn, () => {});
    await sending;
  });
  try {
    const conn = await dial(target.address);
    const flow = returnUntilCut(conn);
    await within("the stream", flow.flowing);
    await server.stop();
    const code = await within("the end of the stream", flow.ended);
    assert.ok(["end", "ECONNRESET", "EPIPE"].includes(code), code);
    const writeCode = await within("the end of writing", writeUntilCut(conn, block));
    assert.ok(["ECONNRESET", "EPIPE"].includes(writeCode), writeCode);
    conn.close();
    await target.idle();
    const error = await assertDown(dialer, target.address);
    // What never answers is no proxy, but the only thing that there is.
    assert.equal(error.blame, proxy.answers && "proxy");
  } finally {
    await target.close();
  }
}

/** Sends back all that comes. Not as fast as it could: microsocks hears nobody else while it has something from the client. */
function returnUntilCut(conn: Conn): { flowing: Promise<void>; ended: Promise<string> } {
  const buffer = new Uint8Array(64 * 1024);
  let total = 0;
  let flows = () => {};
  const flowing = new Promise<void>((resolve) => flows = resolve);
  const relay = async () => {
    for (let count; (count = await conn.read(buffer)) !== null;) {
      await conn.write(buffer.subarray(0, count));
      if ((total += count) > 1_000_000) flows();
    }
    return "end";
  };
  return { flowing, ended: relay().catch(codeOf) };
}

async function writeUntilCut(conn: Pick<Conn, "write">, block: Uint8Array): Promise<string> {
  try {
    while (true) await conn.write(block);
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}

/** A dial of a proxy that is not there fails at once. */
async function assertDown(dialer: Running["dialer"], address: string): Promise<DialError> {
  const error = await failedDial(within("the refusal", dialer.dialContext("tcp", address)));
  assert.equal(error.code, "ECONNREFUSED", error.message);
  assert.equal(error.phase, "connect");
  return error;
}

/** The tunnel leads to {@linkcode echo}. */
export async function assertWorks(conn: Conn): Promise<void> {
  await conn.write(bytesOf("works"));
  assert.equal(new TextDecoder().decode(await within("the echo", readExactly(conn, 5))), "works");
  conn.close();
}

async function failedDial(dialing: Promise<Conn>): Promise<DialError> {
  const error = await dialing.then((conn) => {
    conn.close();
    throw new Error("the dial succeeded");
  }, (error: unknown) => error);
  if (!isDialError(error)) throw error;
  return error;
}
