/** Every call of the protocol as data: its params, its result, and which way content flows (9). */
import { protocolError } from '../errors.js';
import * as types from './values.js';
import { MisfitError, type Check, type Wire, type WireMap } from './values.js';

/** Which way the content of a call flows, as the host sees it. */
export type Direction = 'none' | 'sent' | 'received';

interface Key {
  readonly name: string;
  readonly check: Check;
  readonly required: boolean;
  /** What stands for an absent one. */
  readonly absent: Wire;
}

export interface Call {
  readonly direction: Direction;
  readonly control: boolean;
  readonly params: readonly Key[];
  readonly result: readonly Key[];
  readonly info: readonly Key[];
  /** Of a listing: the elements of an entry, in order. */
  readonly entry: readonly Key[];
  /** The key of the result that must agree with the bytes of content that moved. */
  readonly countKey: string | undefined;
  /** Whether that count has the param `offset` in it. */
  readonly countsFromOffset: boolean;
}

const key = (name: string, check: Check): Key => ({ name, check, required: true, absent: null });
const optional = (name: string, check: Check, absent: Wire = null): Key => ({
  name,
  check,
  required: false,
  absent,
});

const path = key('path', types.text);
const uploadId = key('upload_id', types.text);
const offset = key('offset', types.count);
const size = key('size', types.count);
const version = optional('version', types.version, new Uint8Array(0));
const credit = key('credit', types.credit);
const end = optional('end', types.flag, false);
const count = key('count', types.count);
const startAfter = optional('start_after', types.text);
const meta = optional('meta', types.meta);
const readInfo = [optional('size', types.count), version];

interface Rest {
  readonly direction?: Direction;
  readonly control?: boolean;
  readonly params?: readonly Key[];
  readonly result?: readonly Key[];
  readonly info?: readonly Key[];
  readonly entry?: readonly Key[];
  readonly countKey?: string;
  readonly countsFromOffset?: boolean;
}

function call(rest: Rest): Call {
  return {
    direction: rest.direction ?? 'none',
    control: rest.control ?? false,
    params: [...(rest.params ?? []), meta],
    result: rest.result ?? [],
    info: rest.info ?? [],
    entry: rest.entry ?? [],
    countKey: rest.countKey,
    countsFromOffset: rest.countsFromOffset ?? false,
  };
}

const read = (params: readonly Key[]): Call =>
  call({
    direction: 'received',
    params,
    result: [size, version],
    info: readInfo,
    countKey: 'size',
  });
const listing = (params: readonly Key[], entry: readonly Key[]): Call =>
  call({ direction: 'received', params, result: [count], entry });
const write = (params: readonly Key[], countKey: string, countsFromOffset = false): Call =>
  call({
    direction: 'sent',
    params: [...params, end],
    result: [key(countKey, types.count)],
    countKey,
    countsFromOffset,
  });

const hello = call({
  control: true,
  params: [key('version', types.text), key('features', types.texts), key('max_chunk', types.limit)],
  result: [
    key('version', types.text),
    key('name', types.text),
    key('features', types.texts),
    key('max_channels', types.count),
    key('write_credit', types.limit),
    key('max_chunk', types.limit),
  ],
});

const stat = call({
  params: [path],
  result: [path, size, optional('mod_time', types.time), key('is_dir', types.flag)],
});

/** Every method by its name on the wire. */
export const CALLS: ReadonlyMap<string, Call> = new Map([
  ['Hello', hello],
  [
    'OpenChannel',
    call({ control: true, params: [key('channel', types.count), key('endpoint', types.text)] }),
  ],
  ['Ping', call({ control: true, result: [key('workers', types.workers)] })],
  ['Shutdown', call({ control: true })],
  ['GetContent', read([path, credit])],
  ['ReadStream', read([path, offset, credit, version])],
  ['PutContent', write([path], 'written')],
  ['WriteStream', write([path, offset], 'written')],
  ['Stat', stat],
  [
    'List',
    listing([path, startAfter, credit], [key('name', types.text), optional('is_dir', types.flag)]),
  ],
  ['Walk', listing([path, startAfter, credit], [path, size, key('mod_time', types.time)])],
  ['Move', call({ params: [key('source', types.text), key('destination', types.text)] })],
  ['Delete', call({ params: [path] })],
  [
    'URLFor',
    call({ params: [path, key('options', types.options)], result: [key('url', types.text)] }),
  ],
  [
    'OpenUpload',
    call({ params: [path, optional('upload_id', types.text)], result: [uploadId, size] }),
  ],
  ['WriteUpload', write([uploadId, offset], 'size', true)],
  [
    'CommitUpload',
    call({ params: [uploadId, optional('size', types.count), optional('digest', types.text)] }),
  ],
  ['CancelUpload', call({ params: [uploadId] })],
  ['CloseUpload', call({ params: [uploadId] })],
  ['ListUploads', listing([path, credit], [uploadId, path, size, key('time', types.time)])],
]);

/** The parts of a call that are maps. */
export type Part = 'params' | 'result' | 'info';

/**
 * Returns the known keys of a map in their normal form, with what stands for absent ones.
 *
 * @throws StorageDriverError ProtocolError that names the key which is missing or of a wrong type.
 */
export function checkMap(method: string, part: Part, given: WireMap): WireMap {
  const call = CALLS.get(method);
  if (call === undefined) throw protocolError(`nothing is known of ${method.slice(0, 40)}`);
  const checked: Record<string, Wire> = {};
  for (const one of call[part]) {
    checked[one.name] = checkOne(`${method} ${part}`, one, given[one.name]);
  }
  return checked;
}

/** As `checkMap`, for one entry of a listing. */
export function checkEntry(method: string, entry: Wire): Wire[] {
  if (!types.isArray(entry)) throw protocolError('an entry of a listing must be an array');
  const keys = CALLS.get(method)?.entry ?? [];
  return keys.map((one, index) => checkOne(`${method} entry`, one, entry[index]));
}

function checkOne(where: string, key: Key, value: Wire | undefined): Wire {
  if (value === undefined || value === null) {
    if (key.required) throw protocolError(`${where}: ${key.name} is missing`);
    return key.absent;
  }
  try {
    return key.check(value);
  } catch (error) {
    if (!(error instanceof MisfitError)) throw error;
    throw protocolError(`${where}: ${key.name} ${error.message}`);
  }
}
