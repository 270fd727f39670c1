import assert from "node:assert/strict";
import type { Conn } from "../../src/core/conn.ts";
import { type DialError, isDialError } from "../../src/core/dial_error.ts";
import type { DialEvent } from "../../src/core/dial_event.ts";
import type { Network } from "../../src/core/addr.ts";
import type { DialOptions } from "../../src/core/dialer.ts";
import type { IpFamily } from "../../src/ip/ip_literal.ts";
import { netDialer } from "../../src/net/net_dialer.ts";
import { netDialerConfig, type SystemDialerOptions } from "../../src/net/net_dialer_options.ts";
import type { LookupOptions, Resolver } from "../../src/resolver/resolver.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { VirtualClock } from "../fakes/virtual_clock.ts";
import { FakeConnector } from "../fakes/fake_connector.ts";

/** What a name has, by family; a missing family has no answer yet. */
export type Answers = Partial<Record<IpFamily, readonly string[] | Error>>;

/** A dialer over a fake connector in virtual time, with a resolver that knows one name. */
export class Trial {
  readonly clock = new VirtualClock();
  readonly connector = new FakeConnector();
  readonly asked: string[] = [];
  readonly events: DialEvent[] = [];
  readonly #options: SystemDialerOptions;
  readonly #answers: Answers;

  constructor(options: SystemDialerOptions = {}, answers: Answers = {}) {
    this.#options = options;
    this.#answers = answers;
  }

  dial(address: string, options: DialOptions & { network?: Network } = {}): Promise<Conn> {
    const { network = "tcp", ...rest } = options;
    const resolver: Resolver = {
      lookup: (host, { family }: LookupOptions) => {
        this.asked.push(`${host} ${family}`);
        const answer = this.#answers[family];
        if (answer instanceof Error) return Promise.reject(answer);
        return answer === undefined ? new Promise(() => {}) : Promise.resolve(answer);
      },
    };
    const dialer = netDialer(
      this.connector,
      netDialerConfig({ resolver, ...this.#options }),
      this.clock,
    );
    const onEvent = (event: DialEvent) => this.events.push(event);
    const conn = dialer.dialContext(network, address, { onEvent, ...rest });
    conn.catch(() => {});
    return conn;
  }
}

/** What a dial fails with; anything else is an error. */
export async function failureOf(dial: Promise<unknown>): Promise<DialError> {
  const error = await rejectionOf(dial);
  assert.ok(isDialError(error), `a DialError, not ${error}`);
  return error;
}

/** A name with an address of each family. */
export const both: Answers = { 6: ["2001:db8::6"], 4: ["192.0.2.4"] };
