/**
 * The types of values in params, results and listings, and how each is checked.
 *
 * A check gives the value in its normal form, so that what comes after deals with one form only.
 */
import { types } from 'node:util';
import { MAX_COUNT, MAX_CREDIT_BYTES, MAX_VERSION_BYTES, MIN_CHUNK_BYTES } from './limits.js';

/** What msgpack gives: plain objects, arrays, bytes, and bigints for integers of 64 bits. */
export type Wire =
  null | boolean | number | bigint | string | Uint8Array | readonly Wire[] | WireMap;

/** A map of the wire. */
export interface WireMap {
  readonly [key: string]: Wire | undefined;
}

/** A time as it travels: seconds since 1970 in UTC, and nanoseconds that are never negative. */
export type Time = readonly [seconds: number, nanoseconds: number];

/** A value is not of its type. The text goes on where the name of a key has been said. */
export class MisfitError extends Error {}

export type Check = (value: Wire) => Wire;

const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

/** Whether the value is a map. */
export function isMap(value: unknown): value is WireMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !types.isUint8Array(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  );
}

/** Whether the value is binary. */
export function isBinary(value: unknown): value is Uint8Array {
  return types.isUint8Array(value);
}

/** Whether the value is an array. */
export function isArray(value: unknown): value is readonly Wire[] {
  return Array.isArray(value);
}

/**
 * Returns the integer that the value means: itself, or a float without fraction up to 2^53.
 *
 * Beyond 2^53 it is a bigint. Returns undefined if it means none; true and false do not.
 */
export function integerOf(value: Wire | undefined): number | bigint | undefined {
  if (typeof value === 'number') {
    return Number.isInteger(value) && Math.abs(value) <= MAX_CREDIT_BYTES ? value : undefined;
  }
  if (typeof value !== 'bigint') return undefined;
  const narrowed = Number(value);
  return Math.abs(narrowed) <= MAX_CREDIT_BYTES && BigInt(narrowed) === value ? narrowed : value;
}

/** Returns the integer within the bounds, which are no further than 2^53, or undefined. */
export function integerWithin(
  value: Wire | undefined,
  least: number,
  most: number,
): number | undefined {
  const integer = integerOf(value);
  return typeof integer === 'number' && integer >= least && integer <= most ? integer : undefined;
}

function integerCheck(least: number, most: number | bigint): Check {
  return (value) => {
    const integer = integerOf(value);
    if (integer === undefined || integer < least || integer > most) {
      throw new MisfitError(`must be an integer from ${String(least)} to ${String(most)}`);
    }
    return integer;
  };
}

/** Checks a text. */
export const text: Check = (value) => {
  if (typeof value !== 'string') throw new MisfitError('must be a text');
  return value;
};

/** Checks the name of a content. */
export const version: Check = (value) => {
  if (!isBinary(value) || value.length > MAX_VERSION_BYTES) {
    throw new MisfitError(`must be binary of at most ${String(MAX_VERSION_BYTES)} bytes`);
  }
  return value;
};

/** Checks true and false. */
export const flag: Check = (value) => {
  if (typeof value !== 'boolean') throw new MisfitError('must be true or false');
  return value;
};

/** Checks a size, an offset or a number of things; beyond 2^53 it stays a bigint. */
export const count = integerCheck(0, MAX_COUNT);

/** Checks a credit in bytes. */
export const credit = integerCheck(0, MAX_CREDIT_BYTES);

/** Checks the longest chunk, or a credit that begins a write. */
export const limit = integerCheck(MIN_CHUNK_BYTES, MAX_CREDIT_BYTES);

/** Checks a time. */
export const time: Check = (value) => {
  if (!isArray(value) || value.length !== 2) {
    throw new MisfitError('must be [seconds, nanoseconds]');
  }
  const [seconds, nanoseconds] = [integerOf(value[0]), integerOf(value[1])];
  if (seconds === undefined || nanoseconds === undefined) {
    throw new MisfitError('must be made of integers');
  }
  if (nanoseconds < 0 || nanoseconds >= NANOSECONDS_PER_SECOND) {
    throw new MisfitError('must have 0 to 999999999 nanoseconds');
  }
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) {
    throw new MisfitError('must lie in the years 1 to 9999');
  }
  return [seconds, nanoseconds];
};

/** Checks an array of texts. */
export const texts: Check = (value) => {
  if (!isArray(value)) throw new MisfitError('must be an array of texts');
  return value.map(text);
};

function mapCheck(checks: Readonly<Record<string, Check>>, required: boolean): Check {
  return (value) => {
    if (!isMap(value)) throw new MisfitError('must be a map');
    const checked: Record<string, Wire | undefined> = { ...value };
    for (const [name, check] of Object.entries(checks)) {
      const one = checked[name];
      if (one === undefined || one === null) {
        if (required) throw new MisfitError(`must have the key ${name}`);
        continue;
      }
      checked[name] = check(one);
    }
    return checked;
  };
}

/** Checks the options of URLFor; what is unknown among them is kept, for the driver to refuse. */
export const options = mapCheck({ method: text, expiry: time }, false);

/** Checks what a host may say beside the params of any call. */
export const meta = mapCheck({ deadline_ms: count, traceparent: text }, false);

const worker = mapCheck(
  { channel: count, id: count, method: text, busy_ms: count, moved_bytes: count },
  true,
);

/** Checks what Ping tells. */
export const workers: Check = (value) => {
  if (!isArray(value)) throw new MisfitError('must be an array');
  return value.map(worker);
};
