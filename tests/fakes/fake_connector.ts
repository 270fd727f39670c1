import { BaseConn } from "../../src/conn/base_conn.ts";
import { joinHostPort } from "../../src/core/host_port.ts";
import {
  type ConnectDone,
  type ConnectFailure,
  type Connector,
  type ConnectRequest,
  remoteAddrOf,
} from "../../src/net/connector.ts";

/** A connection that goes nowhere. */
export class FakeConn extends BaseConn {
  destroyed = false;
  protected receive(): Promise<number | null> {
    return Promise.resolve(null);
  }
  protected send(): undefined {}
  protected shutdown(): Promise<void> {
    return Promise.resolve();
  }
  protected destroy(): void {
    this.destroyed = true;
  }
  protected get receivedAll(): boolean {
    return true;
  }
  protected setRef(): void {}
  setNoDelay(): void {}
  setKeepAlive(): void {}
}

/** An attempt that a test decides about. */
export class FakeAttempt {
  readonly request: ConnectRequest;
  readonly address: string;
  conn: FakeConn;
  cancelled = false;
  readonly #done: ConnectDone;

  constructor(request: ConnectRequest, done: ConnectDone) {
    this.request = request;
    this.address = "path" in request ? request.path : joinHostPort(request.host, request.port);
    this.#done = done;
    const localAddr = { transport: "tcp", hostname: "192.0.2.99", port: 5 } as const;
    this.conn = new FakeConn(localAddr, remoteAddrOf(request));
  }

  succeed(): void {
    this.#done(undefined, this.conn);
  }

  fail(failure: ConnectFailure): void {
    this.#done(failure);
  }
}

/** Starts attempts and leaves what becomes of them to the test. */
export class FakeConnector implements Connector {
  readonly attempts: FakeAttempt[] = [];

  connect(request: ConnectRequest, done: ConnectDone): () => void {
    const attempt = new FakeAttempt(request, done);
    this.attempts.push(attempt);
    return () => attempt.cancelled = true;
  }

  get addresses(): string[] {
    return this.attempts.map(({ address }) => address);
  }
}
