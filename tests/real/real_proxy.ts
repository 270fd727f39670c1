import type { Conn } from "../../src/core/conn.ts";
import type { DialErrorCode } from "../../src/core/dial_error_code.ts";
import type { ContextDialer, DialOptions } from "../../src/core/dialer.ts";
import type { ServerProcess } from "../peers/server_process.ts";

/** A server that nobody here wrote, and what is known of it. */
export interface RealProxy<S extends ServerProcess> {
  /** Its name, for those of the tests. */
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing?: string;
  start(): Promise<S>;
  /** Makes the dialer under test. */
  dialer(server: S, options?: { timeoutMs: number }): ContextDialer;
  /** Dialers that the server turns away, by what is wrong with their credentials. */
  readonly badCredentials?: readonly BadCredentials<S>[];
  /** Whether an answer that comes after the client half-closed arrives. */
  readonly answerAfterHalfClose: "arrives" | "may be lost";
  /** What it says of its targets; absent where it does not answer at all, and reads no names. */
  readonly answers?: Answers;
}

/** What is made of a proxy's answers. */
export interface Answers {
  /** For a target where nobody listens. */
  readonly refused: DialErrorCode;
  /** For a target whose name nobody knows. */
  readonly unknown: DialErrorCode;
  /** For a target that the server's rules forbid, if it has rules. */
  readonly forbidden?: { readonly port: number; readonly code: DialErrorCode };
  /** Who is blamed if there is no answer: the target, where the proxy's first answer waits for it. */
  readonly silence: "proxy" | "target";
}

/** A dialer that the server turns away. */
export interface BadCredentials<S> {
  /** `"wrong credentials"`, for the name of the test. */
  readonly what: string;
  dialer(server: S): ContextDialer;
  readonly code: DialErrorCode;
}

/** A proxy that runs, for one scenario. */
export interface Running {
  readonly proxy: RealProxy<ServerProcess>;
  readonly server: ServerProcess;
  readonly dialer: ContextDialer;
  /** Dials; the connection is closed at the end of the scenario. */
  dial(address: string, options?: DialOptions): Promise<Conn>;
}
