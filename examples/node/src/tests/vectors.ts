/** The shared test vectors: bytes and what they mean, as the specification says (16). */
import { readFileSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

const { STORAGEDRIVER_VECTORS } = process.env;
const DIRECTORY =
  STORAGEDRIVER_VECTORS === undefined
    ? new URL('../../../../ipc/spec/vectors/', import.meta.url)
    : pathToFileURL(`${STORAGEDRIVER_VECTORS}/`);

type Bytes = string | readonly (string | readonly [string, number])[];

/** Reads one of the files of vectors. */
// The caller says what stands in the file, which the schema beside it guards.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, DIRECTORY), 'utf8')) as T;
}

/** Returns the names of all files of vectors, sorted. */
export function files(): string[] {
  return readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.json') && !name.endsWith('.schema.json'))
    .sort();
}

/** Returns the bytes that stand in a vector. */
export function bytes(text: Bytes): Uint8Array {
  if (typeof text === 'string') return Buffer.from(text, 'hex');
  const hex = text.map((part) => (typeof part === 'string' ? part : part[0].repeat(part[1])));
  return Buffer.from(hex.join(''), 'hex');
}

/** Returns the frames of a message that stands in a vector. */
export function frames(header: Bytes, content: Bytes | null | undefined): Uint8Array[] {
  return content === null || content === undefined
    ? [bytes(header)]
    : [bytes(header), bytes(content)];
}

/** Returns what a meaning stands for. Numbers beyond 2^53 are bigints, binary is a Buffer. */
export function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== 'object' || value === null) return value;
  const { $binary, $integer, $text } = value as Record<string, unknown>;
  if ($binary !== undefined) return Buffer.from(bytes($binary as Bytes));
  if ($text !== undefined) return Buffer.from(bytes($text as Bytes)).toString();
  if ($integer !== undefined) return BigInt($integer as string);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, meaning(one)]));
}

/** Returns what was decoded in the form of a meaning. */
export function asMeaning(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(asMeaning);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  // 0 and -0 are the same number.
  if (typeof value === 'number') return value + 0;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asMeaning(one)]));
}

/** Whether what was decoded is what a vector means. */
export function means(value: unknown, expected: unknown): boolean {
  return isDeepStrictEqual(asMeaning(value), asMeaning(meaning(expected)));
}

export interface Vector {
  readonly name: string;
  readonly lenient?: boolean;
}

export type { Bytes };
