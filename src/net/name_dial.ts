import type { BaseConn } from "../conn/base_conn.ts";
import type { Conn } from "../core/conn.ts";
import { type DialError, dialFailure } from "../core/dial_error.ts";
import { describeCode } from "../core/error_reason.ts";
import { joinHostPort } from "../core/host_port.ts";
import type { DialScope } from "../dial/dial.ts";
import type { RunningDial } from "../dial/running_dial.ts";
import { summarizeErrors } from "./summarize_errors.ts";
import { attemptShareMs } from "./attempt_share.ts";
import type { ConnectDone, Connector, ConnectRequest } from "./connector.ts";
import type { DialTarget } from "./dial_target.ts";
import type { IpFamily } from "../ip/ip_literal.ts";
import { lookUpFamilies, summarizeLookupErrors } from "./look_up_families.ts";
import type { NetDialerConfig } from "./net_dialer_options.ts";
import { raceDials } from "../dial/race_dials.ts";
import { isAccidental } from "./self_connect.ts";

type NameTarget = Extract<DialTarget, { kind: "name" }>;

/** Dials a name over a runtime's sockets: looks it up, and races its addresses. */
export async function dialName(
  dial: RunningDial,
  target: NameTarget,
  connector: Connector,
  config: NetDialerConfig,
): Promise<Conn> {
  const { resolver, mayDialNames } = config;
  const { host, port } = target;
  const { localAddress, localPort, onlyFamily } = config;
  const families = target.families.filter((family) => (onlyFamily ?? family) === family);
  if (families.length === 0) {
    const reason = `the local address ${localAddress[onlyFamily!]} is of the wrong family`;
    throw dial.error({ code: "EADDRNOTAVAIL", phase: "connect", reason });
  }
  const beganMs = dial.clock.now();
  let lookupErrors: readonly DialError[] = [];
  let winner: Conn | undefined;
  const wins = (conn: Conn) => (winner ??= conn) === conn;
  const end = await raceDials<string>(dial, {
    ...config,
    lookUp: (race) => lookupErrors = lookUpFamilies(dial, race, { resolver, host, families }),
    attempt(ip, family, left) {
      const request = { family, host: ip, port, localAddress: localAddress[family], localPort };
      const limitMs = attemptShareMs(config, dial.clock.now() - beganMs, left);
      return attempt(dial, connector, request, limitMs, wins);
    },
  });
  if (!Array.isArray(end)) return end as Conn;
  const denied = [...end, ...lookupErrors].every(({ code }) => code === "EACCES");
  if (denied && families.length === 2 && mayDialNames && connector.connectName !== undefined) {
    return await attemptName(dial, connector, host, port, end);
  }
  throw end.length > 0
    ? attemptsError(dial, end)
    : dial.error(summarizeLookupErrors(host, lookupErrors));
}

function attemptsError(dial: RunningDial, errors: readonly DialError[]): DialError {
  const more = errors.length > 1 ? { errors } : {};
  return dial.error({ ...summarizeErrors(errors, dial.address), phase: "connect", ...more });
}

type IpRequest = Extract<ConnectRequest, { readonly family: IpFamily }>;

function attempt(
  dial: RunningDial,
  connector: Connector,
  request: IpRequest,
  limitMs: number | undefined,
  wins: (conn: Conn) => boolean,
): Promise<Conn> {
  const { localAddress } = request;
  const address = joinHostPort(request.host, request.port);
  const type = "attempt-start";
  const start = localAddress === undefined
    ? { type, address } as const
    : { type, address, localAddress } as const;
  return dial.step(start, (step) =>
    connected(dial, step, address, limitMs, (done) => {
      return connector.connect(request, (failure, conn) => {
        if (conn === undefined) return done(failure);
        if (isAccidental(conn, request)) {
          conn.reset();
          return done({ code: "ECONNREFUSED" });
        }
        if (wins(conn)) return done(undefined, conn);
        // Another attempt was faster, and the dial is about to end.
        conn.reset();
      }, true);
    }));
}

/** The permissions may cover the name, although they cover neither its lookup nor its addresses. */
async function attemptName(
  dial: RunningDial,
  connector: Connector,
  host: string,
  port: number,
  errors: readonly DialError[],
): Promise<Conn> {
  const address = joinHostPort(host, port);
  try {
    return await dial.step(
      { type: "attempt-start", address, byName: true },
      (step) =>
        connected(
          dial,
          step,
          address,
          undefined,
          (done) => connector.connectName!(host, port, done),
        ),
    );
  } catch (error) {
    throw attemptsError(dial, [...errors, error as DialError]);
  }
}

/** Makes a promise of an attempt, which ends with the dial. */
function connected(
  dial: RunningDial,
  step: DialScope,
  address: string,
  limitMs: number | undefined,
  connect: (done: ConnectDone) => () => void,
): Promise<BaseConn> {
  return new Promise((resolve, reject) => {
    const { clock } = dial;
    const done: ConnectDone = (failure, conn) => {
      unlink();
      clock.clearTimer(timer);
      if (conn !== undefined) {
        dial.obtained(conn);
        return resolve(conn);
      }
      const { code, reason, cause } = failure!;
      const why = reason ?? describeCode(code) ?? dialFailure(cause).message;
      reject(step.error({ code, phase: "connect", address, reason: why, cause }));
    };
    const cancel = connect(done);
    const timer = limitMs === undefined ? undefined : clock.setTimer(() => {
      cancel();
      const reason = `timed out after ${Math.round(limitMs)} ms, its share of the time`;
      done({ code: "ETIMEDOUT", reason, cause: new DOMException(reason, "TimeoutError") });
    }, limitMs);
    const unlink = dial.whenOver(() => {
      cancel();
      clock.clearTimer(timer);
    });
  });
}
