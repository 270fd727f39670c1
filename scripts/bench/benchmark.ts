import type { Runtime } from "../runtimes.ts";

/**
 * A benchmark: a module in benchmarks/ that exports one as `benchmark`. It is loaded by bench.ts,
 * which starts its peers, and by measure.ts on the runtime that is measured, which runs its cases.
 */
export interface Benchmark {
  /** Its options with their defaults, among them `rounds`. */
  readonly options: Options;
  /** The lines above the table. */
  heading(options: Options): string[];
  /** What the ratio of the medians may be at most; no goal where it is undefined. */
  goal?(runtime: Runtime, what: string): number | undefined;
  /** Starts what its cases dial beside the benchmark's server. */
  startPeers?(runtime: Runtime): Promise<Peers>;
  /** Its cases; each group is measured in processes of its own. */
  readonly groups: Record<string, Group>;
}

/** Numbers by their names on the command line. */
export type Options = Readonly<Record<string, number>>;

/** What runs for a benchmark. */
export interface Peers {
  readonly addresses: readonly string[];
  stop(): Promise<unknown>;
}

/** Cases that are measured in one process. */
export interface Group {
  /** In how many processes it is measured, one after the other. @default {1} */
  processes?(options: Options): number;
  /** Whether ours and theirs are measured in a process each, once, without a warm-up. */
  readonly apart?: boolean;
  cases(setting: Setting): Promise<Record<string, Case>> | Record<string, Case>;
}

/** What a case knows of its surroundings. */
export interface Setting {
  /** Where the benchmark's server listens, on 127.0.0.1. */
  readonly port: number;
  /** The addresses of the benchmark's peers. */
  readonly peers: readonly string[];
  readonly options: Options;
}

/** Two ways to do the same. */
export interface Case {
  readonly theirs: Run;
  readonly ours: Run;
  /** How often each is measured; by default as `rounds` of the options says. */
  readonly rounds?: number;
}

/**
 * What is measured; one that takes the time itself gives it, in milliseconds or a unit of its own.
 */
export type Run = () => Promise<number | void>;

/** Whose way. */
export type Who = "theirs" | "ours";

/** What was measured of a case, round by round. */
export type CaseTimes = Readonly<Record<Who, readonly number[]>>;

/** Loads the benchmark of a name. */
export async function loadBenchmark(name: string): Promise<Benchmark> {
  return (await import(`./benchmarks/${name}.ts`)).benchmark;
}
