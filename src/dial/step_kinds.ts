import type { DialPhase } from "../core/dial_error.ts";
import type { StepPoint, StepStart } from "../core/dial_event.ts";

/** The pending step of a dial, for the error of a time limit. */
export interface PendingStep {
  /** The current phase of the dial. */
  readonly phase: DialPhase;
  /** The pending operation, as the end of a sentence: `connecting to 192.0.2.1:4001`. */
  readonly waiting: string;
  /** The proxy that is waited for, redacted. */
  readonly hop?: string;
  /** The side that is silent, where that is known. */
  readonly blame?: "proxy" | "target";
  /** The proxies on the way, redacted. */
  readonly via?: string;
}

/** The texts of a kind of step. */
interface StepKind<Start> {
  /** The subject of the step, for its report. */
  label(start: Start): string;
  /** A remark on its start. */
  detail?(start: Start): string | undefined;
  /** A remark on its end. */
  endDetail?(end: Record<string, unknown>): string | undefined;
  /** The default properties of its end event. */
  readonly end?: Record<string, unknown>;
  /** The pending operation while this is the innermost open step. */
  pending?(start: Start): PendingStep;
}

type StartOf<Kind extends string> = Extract<
  StepStart | StepPoint,
  { type: Kind | `${Kind}-start` }
>;

type KindName = (StepStart | StepPoint)["type"] extends infer Type
  ? Type extends `${infer Kind}-start` ? Kind : Type & string
  : never;

/** All kinds of steps: a new one is added here, and to the events. */
const kinds: { readonly [Kind in KindName]: StepKind<StartOf<Kind>> } = {
  dial: {
    // A multiaddr includes its network.
    label: ({ network, address }) =>
      address.startsWith("/") && network !== "unix" ? address : `${network} ${address}`,
    detail: ({ via }) => via === undefined ? undefined : `via ${via}`,
    pending: () => ({ phase: "connect", waiting: "waiting for the dialer" }),
  },
  lookup: {
    label: ({ host, family }) => `${host} ${family === undefined ? "TXT" : `IPv${family}`}`,
    end: { addresses: [] },
    endDetail: ({ addresses }) => (addresses as readonly string[]).join(", ") || undefined,
    pending: ({ host }) => ({ phase: "resolve", waiting: `looking up "${host}"` }),
  },
  attempt: {
    label: ({ address }) => address,
    detail: ({ byName }) => byName && "by name, since neither lookup nor addresses are permitted",
    pending: ({ address }) => ({ phase: "connect", waiting: `connecting to ${address}` }),
  },
  handshake: {
    label: ({ protocol, hop, name }) => `${protocol} ${name ?? hop}`,
    pending: ({ protocol, hop }) => ({
      phase: protocol === "tls" ? "tls" : "proxy",
      waiting: `in the ${protocol} handshake with ${hop}`,
    }),
  },
  wait: {
    label: ({ why }) => why,
    pending: ({ why }) => ({ phase: "wait", waiting: `waiting ${why}` }),
  },
  queue: {
    label: ({ why }) => why,
    pending: ({ why }) => ({ phase: "queue", waiting: `queued for ${why}` }),
  },
  retry: { label: ({ number }) => `${number}`, detail: ({ why }) => why },
  route: { label: ({ rule }) => rule },
  choose: { label: ({ member }) => member, detail: ({ why }) => why },
  pool: { label: ({ hit }) => hit ? "hit" : "miss" },
  deny: { label: ({ address }) => address, detail: ({ why }) => why },
};

/** The kind of the step that an event belongs to: its type without `-start` or `-end`. */
export function kindOf({ type }: { readonly type: string }): string {
  return type.replace(/-(start|end)$/, "");
}

/** The subject of a step; empty for an unknown kind. */
export function labelOf(start: StepStart | StepPoint): string {
  return knownKind(start)?.label(start) ?? "";
}

/** A remark on a step. */
export function detailOf(start: StepStart | StepPoint, end?: object): string | undefined {
  const kind = knownKind(start);
  return (end && kind?.endDetail?.(end as Record<string, unknown>)) ?? kind?.detail?.(start);
}

/** The properties of the event that ends a step. */
export function endOf(start: StepStart | StepPoint, given?: object): object | undefined {
  const end = knownKind(start)?.end;
  return end === undefined ? given : { ...end, ...given };
}

/** The pending operation while this is the innermost open step of a dial. */
export function pendingOf(start: StepStart | StepPoint): PendingStep {
  return knownKind(start)?.pending?.(start) ??
    { phase: "connect", waiting: `in "${kindOf(start)}"` };
}

function knownKind(start: { readonly type: string }): StepKind<unknown> | undefined {
  const kind = kindOf(start);
  return Object.hasOwn(kinds, kind) ? kinds[kind as KindName] as StepKind<unknown> : undefined;
}
