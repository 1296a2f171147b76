/** Errors as maps and back (8). An error must arrive, whatever is odd about its fields. */
import {
  FIELDS_BY_CODE,
  StorageDriverError,
  protocolError,
  type ErrorFields,
  type FieldName,
} from '../errors.js';
import {
  MAX_CONTAINER_ITEMS,
  MAX_CREDIT_BYTES,
  MAX_ERROR_FIELDS_BYTES,
  MAX_ERROR_MESSAGE_BYTES,
  MAX_ERROR_NAME_BYTES,
} from './limits.js';
import { integerOf, isArray, isMap, type Wire, type WireMap } from './values.js';

type Pairs = readonly (readonly [string, string])[];

/** What msgpack adds to a pair at most: a byte for the array and five for each text. */
const PAIR_OVERHEAD_BYTES = 11;

const KNOWN: ReadonlyMap<string, readonly FieldName[]> = new Map(Object.entries(FIELDS_BY_CODE));

/** Returns the map of an error, which fits a header; what had to be cut, its message names. */
export function errorToWire(error: StorageDriverError): WireMap {
  const names = KNOWN.get(error.code) ?? [];
  const fields: Record<string, Wire> = {};
  const cut: string[] = [];
  for (const name of names) {
    const [value, isCut] = fieldToWire(name, error.fields[name], names.length);
    fields[name] = value;
    if (isCut) cut.push(name);
  }
  if (error.stored !== undefined) fields.stored = error.stored;
  const note = cut.length === 0 ? '' : ` (cut: ${cut.join(', ')})`;
  return {
    code: cutEnd(error.code, MAX_ERROR_NAME_BYTES),
    message: cutEnd(error.message, MAX_ERROR_MESSAGE_BYTES - note.length) + note,
    temporary: error.temporary,
    driver: cutEnd(error.driver, MAX_ERROR_NAME_BYTES),
    fields,
  };
}

function fieldToWire(
  name: FieldName,
  value: ErrorFields[FieldName],
  names: number,
): readonly [Wire, boolean] {
  const room = Math.floor(MAX_ERROR_FIELDS_BYTES / names);
  if (typeof value === 'string') {
    const fitting = name === 'stderr' ? cutStart(value, room) : cutEnd(value, room);
    return [fitting, fitting.length < value.length];
  }
  if (typeof value === 'bigint') return [value, false];
  if (typeof value === 'number') {
    const isWrong = name !== 'seconds' && !Number.isInteger(value);
    return [isWrong ? null : Math.min(value, MAX_CREDIT_BYTES), false];
  }
  return value === undefined || value === null ? [null, false] : pairsToWire(value, room);
}

function pairsToWire(pairs: Pairs, room: number): readonly [Wire, boolean] {
  const fitting: Wire[] = [];
  let left = room;
  for (const [path, code] of pairs) {
    const shown = cutEnd(code, MAX_ERROR_NAME_BYTES);
    left -= Buffer.byteLength(path) + Buffer.byteLength(shown) + PAIR_OVERHEAD_BYTES;
    if (left < 0 || fitting.length === MAX_CONTAINER_ITEMS) return [fitting, true];
    fitting.push([path, shown]);
  }
  return [fitting, false];
}

/** Returns the beginning of a text, at most so many bytes in UTF-8, cut at a character. */
function cutEnd(text: string, room: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= room) return text;
  let end = room;
  while (isWithinCharacter(bytes[end])) end -= 1;
  return bytes.toString('utf8', 0, end);
}

function cutStart(text: string, room: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= room) return text;
  let start = bytes.length - room;
  while (isWithinCharacter(bytes[start])) start += 1;
  return bytes.toString('utf8', start);
}

function isWithinCharacter(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * Returns the error that a map means; fields that are missing or of a wrong type are neutral.
 *
 * @throws StorageDriverError ProtocolError if it has no code.
 */
export function errorFromWire(error: WireMap): StorageDriverError {
  const code = error.code;
  if (typeof code !== 'string') throw protocolError('an error must have a code, which is a text');
  const given = isMap(error.fields) ? error.fields : {};
  const fields: Record<string, unknown> = {};
  for (const name of KNOWN.get(code) ?? []) fields[name] = fieldFromWire(name, given[name]);
  const stored = integerOf(given.stored);
  const message = typeof error.message === 'string' ? error.message : code;
  const result = new StorageDriverError(code, message, fields, {
    temporary: error.temporary === true,
    ...(stored === undefined || stored < 0 ? {} : { stored: Number(stored) }),
  });
  result.driver = typeof error.driver === 'string' ? error.driver : '';
  return result;
}

function fieldFromWire(name: FieldName, value: Wire | undefined): unknown {
  switch (name) {
    case 'offset':
    case 'limit':
      return Number(integerOf(value) ?? 0);
    case 'exit_status':
    case 'signal': {
      const integer = integerOf(value);
      return integer === undefined ? null : Number(integer);
    }
    case 'seconds':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
    case 'failed':
      return isArray(value) ? value.map(pairFromWire) : [];
    default:
      return typeof value === 'string' ? value : '';
  }
}

function pairFromWire(value: Wire): readonly [string, string] {
  const [path, code] = isArray(value) ? value : [];
  return [
    typeof path === 'string' ? path : '',
    typeof code === 'string' && code !== '' ? code : 'Internal',
  ];
}
