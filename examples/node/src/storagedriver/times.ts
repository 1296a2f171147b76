/** Times as they travel, made of what the platform tells. */
import type { Time } from './wire/values.js';

const NANOSECONDS_PER_SECOND = 1_000_000_000n;

/** Returns the time that is so many nanoseconds after 1970. */
export function timeFromNanoseconds(nanoseconds: bigint): Time {
  const rest = nanoseconds % NANOSECONDS_PER_SECOND;
  // Before 1970 the remainder is negative, which no time has.
  const positive = rest < 0n ? rest + NANOSECONDS_PER_SECOND : rest;
  return [Number((nanoseconds - positive) / NANOSECONDS_PER_SECOND), Number(positive)];
}

/** Returns what time it is. */
export function now(): Time {
  return timeFromNanoseconds(BigInt(Date.now()) * 1_000_000n);
}

/** Returns the later of two times. */
export function later(one: Time, other: Time): Time {
  return one[0] > other[0] || (one[0] === other[0] && one[1] >= other[1]) ? one : other;
}
