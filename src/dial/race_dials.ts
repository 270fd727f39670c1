import type { Conn } from "../core/conn.ts";
import type { DialError } from "../core/dial_error.ts";
import type { RunningDial } from "./running_dial.ts";
import { AddressRace, type AddressRaceOptions } from "./address_race.ts";
import type { IpFamily } from "../ip/ip_literal.ts";

/** What is raced, and how. */
export interface RaceDialsOptions<Candidate>
  extends
    Pick<AddressRaceOptions<Candidate>, "attemptDelayMs" | "resolutionDelayMs" | "preferFamily"> {
  /** Looks up what to try: says so to the race, and gives it the answers. */
  readonly lookUp: (race: AddressRace<Candidate>) => void;
  /** Dials one of them; fails with a `DialError`. */
  readonly attempt: (candidate: Candidate, family: IpFamily, left: number) => Promise<Conn>;
  /** Whether another one may do better after a failure; by default always. */
  readonly movesOn?: (error: DialError) => boolean;
}

/** How a race ended: with the first connection, or with what each attempt failed with, which may be none. */
export type RaceEnd = Conn | readonly DialError[];

/**
 * Races what is found for a name, as RFC 8305 has it: the one race of direct dials, of proxies that are asked for addresses, and
 * of what a `/dnsaddr` stands for.
 *
 * @param dial The dial that it is for; when that is over, so is the race.
 * @param options What is raced, and how.
 * @returns The first connection, or all failures once nothing is left to try.
 * @throws {DialError} The failure after which nothing else is tried.
 */
export function raceDials<Candidate>(
  dial: RunningDial,
  options: RaceDialsOptions<Candidate>,
): Promise<RaceEnd> {
  const { lookUp, attempt, movesOn = () => true, ...schedule } = options;
  return new Promise((resolve, reject) => {
    const errors: DialError[] = [];
    const race = new AddressRace<Candidate>({
      ...schedule,
      clock: dial.clock,
      attempt: (candidate, family, left) => {
        attempt(candidate, family, left).then((conn) => end(() => resolve(conn)), (error) => {
          errors.push(error);
          if (dial.isOver || movesOn(error)) race.attemptFailed();
          else end(() => reject(error));
        });
      },
      exhausted: () => end(() => resolve(errors)),
    });
    const end = (settle: () => void) => {
      race.stop();
      unlink();
      settle();
    };
    const unlink = dial.whenOver(() => race.stop());
    lookUp(race);
  });
}
