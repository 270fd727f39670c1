import type { Addr } from "./addr.ts";
import { type ContextDialer, isDialer } from "./dialer.ts";
import { shownValue, valueKind } from "./value_kind.ts";

/**
 * Checks the value of an option and returns the value to use: the same or a copy. Not called for
 * `undefined`.
 */
export type OptionCheck<T> = (value: unknown, name: string) => T;

/** The check of every known option. */
export type OptionChecks<Options> = {
  readonly [Name in keyof Options]-?: OptionCheck<Exclude<Options[Name], undefined>>;
};

/** The longest delay that timers support. */
export const maxMs: number = 2 ** 31 - 1;

/**
 * Reads options, each once, and checks them. They may be inherited, but not from
 * `Object.prototype`.
 *
 * @param owner The function whose options they are, for the error: `systemDialer`.
 * @param options The options from the caller.
 * @param checks The checks of all known options.
 * @returns A copy without a prototype, with every option that is not `undefined`.
 * @throws {TypeError | RangeError} If they are no object, an option is unknown, or a check fails.
 * @throws Errors of the caller's getters.
 */
export function readOptions<Options extends object>(
  owner: string,
  options: unknown,
  checks: OptionChecks<Options>,
): Options {
  const given = requireOptions(owner, options);
  for (const name of givenNames(given)) {
    if (typeof name === "string" && !Object.hasOwn(checks, name)) {
      throw unknownOption(name, owner, Object.keys(checks));
    }
  }
  const read = Object.create(null) as Record<string, unknown>;
  for (const [name, check] of Object.entries<OptionCheck<unknown>>(checks)) {
    const value = optionOf(given, name);
    if (value !== undefined) read[name] = check(value, name);
  }
  return read as Options;
}

/** Checks that options are an object. Another value may be a proxy's URL, and is not quoted. */
function requireOptions(owner: string, options: unknown): object {
  let what = valueKind(options);
  if (typeof options === "object" && options !== null && !Array.isArray(options)) {
    if (typeof optionOf(options, "dialContext") !== "function") return options;
    what = "a dialer";
  }
  throw new TypeError(`The options of ${owner} must be an object, not ${what}`);
}

/**
 * Reads one option, which may be inherited, but not from `Object.prototype`.
 *
 * @param options An object of any kind, also a Proxy with properties that it does not list.
 * @param name The option's name.
 * @returns Its value; `undefined` if there is none.
 */
export function optionOf(options: object, name: PropertyKey): unknown {
  const { found, root } = lookFor(options, name);
  // Read from the object itself: getters called on the owner would see another `this`.
  if (found || root === null || !Object.hasOwn(root, name)) return Reflect.get(options, name);
  return undefined;
}

/** Whether an option is present, even as `undefined`. */
export function hasOption(options: object, name: PropertyKey): boolean {
  return lookFor(options, name).found;
}

/**
 * Returns the options that are not among the known ones, for inner dialers.
 *
 * @param options The options from the caller.
 * @param known The names of the known options.
 * @returns A copy of the others, inherited ones included.
 */
export function otherOptions(options: object, known: readonly PropertyKey[]): object {
  const others = Object.create(null) as Record<PropertyKey, unknown>;
  for (const name of givenNames(options)) {
    if (!known.includes(name)) others[name] = Reflect.get(options, name);
  }
  return others;
}

/** Searches an object and its prototypes, up to `Object.prototype` exclusively. */
function lookFor(options: object, name: PropertyKey): { found: boolean; root: object | null } {
  let owner: object | null = options;
  for (; owner !== null && !isObjectPrototype(owner); owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, name)) return { found: true, root: null };
  }
  return { found: false, root: owner };
}

/**
 * The names of all enumerable properties, and of getters, which classes define on their prototypes.
 */
function givenNames(options: object): PropertyKey[] {
  const names = new Set<PropertyKey>();
  let owner: object | null = options;
  for (; owner !== null && !isObjectPrototype(owner); owner = Object.getPrototypeOf(owner)) {
    for (const name of Reflect.ownKeys(owner)) {
      const property = Object.getOwnPropertyDescriptor(owner, name);
      if (property?.enumerable || property?.get !== undefined) names.add(name);
    }
  }
  return [...names];
}

/** Also that of another realm, such as a `node:vm` context. */
function isObjectPrototype(object: object): boolean {
  return object === Object.prototype ||
    Object.getPrototypeOf(object) === null && Object.hasOwn(object, "isPrototypeOf");
}

function unknownOption(name: string, owner: string, known: readonly string[]): TypeError {
  // Text that does not look like an option's name may be a secret.
  if (!/^[a-z_$][\w$]{0,39}$/i.test(name)) return new TypeError(`Unknown option of ${owner}`);
  const near = nearest(name, known);
  const hint = near === undefined ? "" : `: did you mean "${near}"?`;
  return new TypeError(`Unknown option "${name}" of ${owner}${hint}`);
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const most = Math.min(3, Math.max(1, Math.floor(name.length / 3)));
  const ranked = known
    .map((other) => ({ other, far: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  return ranked[0] !== undefined && ranked[0].far <= most ? ranked[0].other : undefined;
}

/** The number of letters to insert, delete, replace, or swap with a neighbour. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, rows[i - 1]![j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
      }
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** Accepts any value: its validity depends on other options, or is checked where it is used. */
export function unchecked<T>(value: unknown): T {
  return value as T;
}

/** A number of milliseconds. */
export function milliseconds(least = 1, most: number = maxMs): OptionCheck<number> {
  return (value, name) => checkedMs(value, name, least, most, `between ${least} and ${most}`);
}

/** A number of milliseconds, or 0 for none. */
export function zeroOrMilliseconds(most: number = maxMs): OptionCheck<number> {
  const range = most === Number.MAX_VALUE ? "finite and at least 1" : `between 1 and ${most}`;
  return (value, name) => value === 0 ? 0 : checkedMs(value, name, 1, most, `0 or ${range}`);
}

function checkedMs(value: unknown, name: string, least: number, most: number, range: string) {
  if (typeof value !== "number") {
    throw new TypeError(`${name} must be a number of milliseconds, not ${shownValue(value)}`);
  }
  if (value >= least && value <= most) return value;
  throw new RangeError(`${name} must be ${range} ms, not ${value}`);
}

/** A port to bind to. */
export function port(value: unknown, name: string): number {
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535) return Number(value);
  throw new RangeError(`${name} must be between 1 and 65535, not ${shownValue(value)}`);
}

/** `true` or `false`. */
export function boolean(value: unknown, name: string): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`${name} must be a boolean, not ${shownValue(value)}`);
}

/** One of some values. The error lists them and does not quote the value. */
export function oneOf<const T extends string | number>(...allowed: readonly T[]): OptionCheck<T> {
  return (value, name) => {
    if (allowed.includes(value as T)) return value as T;
    const listed = allowed.map((each) => JSON.stringify(each));
    const last = listed.pop();
    const Misuse = typeof allowed[0] === "number" ? RangeError : TypeError;
    throw new Misuse(
      `${name} must be ${listed.length > 0 ? `${listed.join(", ")} or ` : ""}${last}`,
    );
  };
}

/** `false`, or a value that another check accepts. */
export function falseOr<T>(check: OptionCheck<T>): OptionCheck<T | false> {
  return (value, name) => value === false ? false : check(value, name);
}

/** A text. It may be a secret, and is not quoted. */
export function text(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${name} must be a string, not ${valueKind(value)}`);
}

/** An object whose keys belong to the caller. */
export function anyObject<T extends object>(value: unknown, name: string): T {
  if (typeof value === "object" && value !== null) return value as T;
  throw new TypeError(`${name} must be an object, not ${valueKind(value)}`);
}

/** Nested options. */
export function nested<Options extends object>(
  checks: OptionChecks<Options>,
): OptionCheck<Options> {
  return (value, name) => readOptions(name, anyObject(value, name), checks);
}

/** A list. */
export function list<T>(value: unknown, name: string): readonly T[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${name} must be an array, not ${valueKind(value)}`);
}

/** A function. */
export function callback<T>(value: unknown, name: string): T {
  if (typeof value === "function") return value as T;
  throw new TypeError(`${name} must be a function, not ${valueKind(value)}`);
}

/** A dialer. */
export function dialer(value: unknown, name: string): ContextDialer {
  if (isDialer(value)) return value;
  const kind = valueKind(value);
  throw new TypeError(`${name} must be a dialer, which has a dialContext method, not ${kind}`);
}

/** An object with a method, such as a resolver. */
export function withMethod<T>(method: keyof T & string): OptionCheck<T> {
  return (value, name) => {
    const has = (value as Record<string, unknown> | null)?.[method];
    if (typeof has === "function") return value as T;
    throw new TypeError(`${name} must have a ${method} method, not be ${valueKind(value)}`);
  };
}

/** The end of a connection. */
export function address(value: unknown, name: string): Addr {
  if (typeof value === "object" && value !== null) return value as Addr;
  throw new TypeError(`${name} must be an address with its transport, not ${valueKind(value)}`);
}
