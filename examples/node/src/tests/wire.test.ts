/** Messages, calls, errors, listings, times and versions, by the shared vectors. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { isError } from '../storagedriver/errors.js';
import { checkMap, type Part } from '../storagedriver/wire/calls.js';
import { errorFromWire, errorToWire } from '../storagedriver/wire/errors.js';
import { checkListing } from '../storagedriver/wire/listing.js';
import { decode, encode } from '../storagedriver/wire/messages.js';
import { pack, unpack } from '../storagedriver/wire/pack.js';
import { isMap, time, MisfitError, type Wire, type WireMap } from '../storagedriver/wire/values.js';
import { agree, parseVersion, type Version } from '../storagedriver/wire/version.js';
import { bytes, files, frames, load, meaning, means, type Bytes, type Vector } from './vectors.js';

interface Framed extends Vector {
  readonly header: Bytes;
  readonly content: Bytes | null;
  readonly message: Record<string, unknown>;
}

interface OfCall extends Vector {
  readonly method: string;
  readonly part: Part;
  readonly bytes: Bytes;
  readonly meaning: unknown;
}

interface Listed extends Vector {
  readonly method: string;
  readonly chunks: readonly Bytes[];
  readonly entries: readonly unknown[];
}

function refuses(vector: Vector, step: () => unknown): void {
  try {
    step();
  } catch (error) {
    assert(isError(error, 'ProtocolError') || error instanceof MisfitError, String(error));
    return;
  }
  assert(vector.lenient === true, 'it was taken');
}

function map(text: Bytes): WireMap {
  const value = unpack(bytes(text), 'a map');
  assert(isMap(value));
  return value;
}

test('there are no vectors that no test reads', () => {
  const read = [
    'calls.json accept reject',
    'errors.json accept reject',
    'listings.json accept reject',
    'messages.json accept',
    'rejects.json reject',
    'sequences.json accept reject', // by session.test.ts
    'times.json accept reject',
    'versions.json accept agree reject',
  ];
  const there = files().map((name) => {
    const lists = Object.entries(load<object>(name)).filter(([, value]) => Array.isArray(value));
    return [name, ...lists.map(([key]) => key).sort()].join(' ');
  });
  assert.deepEqual(there, read);
});

for (const vector of load<{ accept: Framed[] }>('messages.json').accept) {
  test(`message ${vector.name}`, () => {
    const message = decode(frames(vector.header, vector.content));
    assert(means(message, vector.message), inspect(message));
    // What we send of it, we take again as the same.
    assert(means(decode(encode(message)), vector.message));
  });
}

for (const vector of load<{ reject: Framed[] }>('rejects.json').reject) {
  test(`refused message ${vector.name}`, () => {
    refuses(vector, () => decode(frames(vector.header, vector.content)));
  });
}

const calls = load<{ accept: OfCall[]; reject: OfCall[] }>('calls.json');
for (const vector of calls.accept) {
  test(`call ${vector.name}`, () => {
    const checked = checkMap(vector.method, vector.part, map(vector.bytes));
    assert(means(checked, vector.meaning), inspect(checked));
  });
}
for (const vector of calls.reject) {
  test(`refused call ${vector.name}`, () => {
    refuses(vector, () => checkMap(vector.method, vector.part, map(vector.bytes)));
  });
}

interface OfError extends Vector {
  readonly bytes: Bytes;
  readonly meaning: Record<string, unknown>;
  readonly class: string;
}

const errors = load<{ accept: OfError[]; reject: OfError[] }>('errors.json');
for (const vector of errors.accept) {
  test(`error ${vector.name}`, () => {
    const error = errorFromWire(map(vector.bytes));
    const expected = { ...vector.meaning, message: vector.meaning.message ?? error.message };
    assert(means(errorToWire(error), expected), inspect(errorToWire(error)));
  });
}
for (const vector of errors.reject) {
  test(`refused error ${vector.name}`, () => {
    refuses(vector, () => errorFromWire(map(vector.bytes)));
  });
}

const listings = load<{ accept: Listed[]; reject: Listed[] }>('listings.json');
const entriesOf = (vector: Listed): Wire[][] =>
  vector.chunks.flatMap((chunk) => checkListing(vector.method, bytes(chunk)));
for (const vector of listings.accept) {
  test(`listing ${vector.name}`, () => {
    assert(means(entriesOf(vector), vector.entries), inspect(entriesOf(vector)));
  });
}
for (const vector of listings.reject) {
  test(`refused listing ${vector.name}`, () => {
    refuses(vector, () => entriesOf(vector));
  });
}

interface OfTime extends Vector {
  readonly bytes: Bytes;
  readonly meaning: string;
  readonly canonical: boolean;
}

const times = load<{ accept: OfTime[]; reject: OfTime[] }>('times.json');
for (const vector of times.accept) {
  test(`time ${vector.name}`, () => {
    const checked = time(unpack(bytes(vector.bytes), 'a time')) as readonly [number, number];
    const [seconds, nanoseconds] = checked;
    const microseconds = String(Math.floor(nanoseconds / 1000)).padStart(6, '0');
    const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
    assert.equal(`${whole}.${microseconds}Z`, vector.meaning);
    if (vector.canonical) assert.deepEqual(Buffer.from(pack(checked)), bytes(vector.bytes));
  });
}
for (const vector of times.reject) {
  test(`refused time ${vector.name}`, () => {
    refuses(vector, () => time(unpack(bytes(vector.bytes), 'a time')));
  });
}

interface OfVersion extends Vector, Version {
  readonly text: string;
}
interface Agreement extends Vector {
  readonly host: string;
  readonly oldest: string;
  readonly driver: string;
  readonly speak: string | null;
}

const versions = load<{ accept: OfVersion[]; reject: OfVersion[]; agree: Agreement[] }>(
  'versions.json',
);
for (const { name, text, major, minor } of versions.accept) {
  test(`version ${name}`, () => {
    assert.deepEqual(parseVersion(text), { major, minor });
  });
}
for (const vector of versions.reject) {
  test(`refused version ${vector.name}`, () => {
    assert.equal(parseVersion(String(meaning(vector.text))), undefined);
  });
}
for (const vector of versions.agree) {
  test(`agreement ${vector.name}`, () => {
    const [host, oldest, driver] = [vector.host, vector.oldest, vector.driver].map(parseVersion);
    assert(host !== undefined && oldest !== undefined && driver !== undefined);
    const expected = vector.speak === null ? undefined : parseVersion(vector.speak);
    assert.deepEqual(agree(host, oldest, driver), expected);
  });
}
