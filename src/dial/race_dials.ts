import type { Conn } from "../core/conn.ts";
import type { DialError } from "../core/dial_error.ts";
import type { RunningDial } from "./running_dial.ts";
import { AddressRace, type AddressRaceOptions } from "./address_race.ts";
import type { IpFamily } from "../ip/ip_literal.ts";

/** The candidates of a race and their dials. */
export interface RaceDialsOptions<Candidate>
  extends
    Pick<AddressRaceOptions<Candidate>, "attemptDelayMs" | "resolutionDelayMs" | "preferFamily"> {
  /** Looks up the candidates: sets the number of lookups of the race, and adds their answers. */
  readonly lookUp: (race: AddressRace<Candidate>) => void;
  /** Dials a candidate; rejects with a `DialError`. */
  readonly attempt: (candidate: Candidate, family: IpFamily, left: number) => Promise<Conn>;
  /** Whether another candidate may succeed after a failure; by default always. */
  readonly movesOn?: (error: DialError) => boolean;
}

/**
 * The result of a race: the first connection, or the failures of all attempts, which may be none.
 */
export type RaceEnd = Conn | readonly DialError[];

/**
 * Races the candidates of a name, as in RFC 8305. It is used for direct dials, for proxies that
 * need addresses, and for the results of a `/dnsaddr`.
 *
 * @param dial The dial; the race ends with it.
 * @param options The candidates and their dials.
 * @returns The first connection, or all failures once no candidate is left.
 * @throws {DialError} The failure after which no other candidate is tried.
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
