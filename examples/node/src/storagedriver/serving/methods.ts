/** One function for each method of a worker channel (9). */
import type { ContentReader, FileInfo, StorageDriver, UrlOptions } from '../driver.js';
import {
  StorageDriverError,
  asDriverError,
  contentChanged,
  invalidParameters,
  unsupportedMethod,
} from '../errors.js';
import type { Response } from '../wire/messages.js';
import { isBinary, isMap, type Time, type Wire } from '../wire/values.js';
import { walk } from '../walking.js';
import type { Call } from './call.js';
import { ChannelLostError } from './channel.js';
import { sendListing, sendStream, success } from './content.js';
import type { OpenUploads } from './open-uploads.js';

/** What all workers of a process share. */
export interface Served {
  readonly driver: StorageDriver;
  readonly name: string;
  readonly uploads: OpenUploads;
}

type Method = (served: Served, call: Call) => Promise<Response>;

/** Answers a call. Rejects with what its driver throws. */
export function answer(served: Served, call: Call): Promise<Response> {
  const method = METHODS.get(call.request.method);
  if (method === undefined) return Promise.reject(unsupportedMethod(call.request.method));
  return method(served, call);
}

async function read(served: Served, call: Call): Promise<Response> {
  const path = text(call, 'path');
  const offset = count(call, 'offset');
  const expected = call.request.params.version;
  const stream = await served.driver.read(path, offset);
  try {
    if (isBinary(expected) && expected.length > 0 && !isSame(expected, stream.version)) {
      throw contentChanged(path);
    }
    return await sendStream(call, stream, path, offset);
  } finally {
    await stream.close();
  }
}

async function putContent(served: Served, call: Call): Promise<Response> {
  const reader = new CountingReader(call);
  await served.driver.put(text(call, 'path'), reader);
  reader.checkEnded();
  return success(call, { written: reader.bytes });
}

async function writeStream(served: Served, call: Call): Promise<Response> {
  const path = text(call, 'path');
  const reader = new CountingReader(call);
  try {
    await served.driver.write(path, count(call, 'offset'), reader);
    reader.checkEnded();
  } catch (error) {
    if (error instanceof ChannelLostError) throw error;
    const failure = asDriverError(error);
    failure.stored ??= await storedSize(served.driver, path);
    throw failure;
  }
  return success(call, { written: reader.bytes });
}

/** Resolves to the size that a failed write has left, undefined where that cannot be known. */
async function storedSize(driver: StorageDriver, path: string): Promise<number | undefined> {
  try {
    const info = await driver.stat(path);
    return info.isDirectory ? undefined : info.size;
  } catch (error) {
    return error instanceof StorageDriverError && error.code === 'PathNotFound' ? 0 : undefined;
  }
}

/** Gives the pieces to the driver and counts them. */
class CountingReader implements ContentReader {
  bytes = 0;
  #hasEnded = false;

  constructor(private readonly call: Call) {}

  async next(): Promise<Uint8Array | null> {
    const piece = await this.call.nextPiece();
    if (piece === null) this.#hasEnded = true;
    else this.bytes += piece.length;
    return piece;
  }

  /** A driver that stopped early must not look like a success. */
  checkEnded(): void {
    if (!this.#hasEnded) {
      throw new StorageDriverError('Internal', 'the driver stopped reading before the end');
    }
  }
}

async function stat(served: Served, call: Call): Promise<Response> {
  const info = await served.driver.stat(text(call, 'path'));
  const { path, size, modTime, isDirectory } = info;
  return success(call, { path, size, mod_time: modTime, is_dir: isDirectory });
}

async function list(served: Served, call: Call): Promise<Response> {
  const path = text(call, 'path');
  const startAfter = call.request.params.start_after;
  const names = await served.driver.list(path);
  const above = path === '/' ? '' : path;
  const wanted =
    typeof startAfter === 'string'
      ? names.filter((name) => `${above}/${name}` > startAfter)
      : names;
  return sendListing(
    call,
    wanted.map((name) => [name]),
  );
}

async function walkAll(served: Served, call: Call): Promise<Response> {
  const path = text(call, 'path');
  const startAfter = call.request.params.start_after;
  const after = typeof startAfter === 'string' ? startAfter : '';
  const infos = await (served.driver.walk?.(path, after) ?? walk(served.driver, path, after));
  return sendListing(call, walkEntries(infos));
}

async function* walkEntries(
  infos: AsyncIterable<FileInfo> | Iterable<FileInfo>,
): AsyncIterable<Wire[]> {
  for await (const info of infos) yield [info.path, info.size, info.modTime];
}

async function move(served: Served, call: Call): Promise<Response> {
  await served.driver.move(text(call, 'source'), text(call, 'destination'));
  return success(call, {});
}

async function remove(served: Served, call: Call): Promise<Response> {
  await served.driver.delete(text(call, 'path'));
  return success(call, {});
}

async function urlFor(served: Served, call: Call): Promise<Response> {
  const given = call.request.params.options;
  const options: { method?: string; expiry?: Time } = {};
  for (const [name, value] of Object.entries(isMap(given) ? given : {})) {
    if (value === null || value === undefined) continue;
    if (name === 'method') options.method = checkedMethod(value);
    else if (name === 'expiry') options.expiry = value as unknown as Time;
    else throw invalidParameters(name, 'is an unknown option');
  }
  if (served.driver.urlFor === undefined) throw unsupportedMethod('URLFor');
  const url = await served.driver.urlFor(text(call, 'path'), options satisfies UrlOptions);
  return success(call, { url });
}

function checkedMethod(value: Wire): string {
  if (value === 'GET' || value === 'HEAD' || value === 'PUT') return value;
  throw invalidParameters('method', 'must be one of GET, HEAD, PUT');
}

async function openUpload(served: Served, call: Call): Promise<Response> {
  const given = call.request.params.upload_id;
  const path = text(call, 'path');
  const upload = await served.uploads.open(path, typeof given === 'string' ? given : null);
  return success(call, { upload_id: upload.uploadId, size: upload.size });
}

async function writeUpload(served: Served, call: Call): Promise<Response> {
  const uploadId = text(call, 'upload_id');
  let position = count(call, 'offset');
  served.uploads.check(uploadId, position);
  try {
    let isEmpty = true;
    for (let piece; (piece = await call.nextPiece()) !== null; isEmpty = false) {
      position = await served.uploads.write(uploadId, position, piece);
    }
    // Also if there is nothing to write: only the driver knows whether that is still the end.
    if (isEmpty) await served.uploads.write(uploadId, position, new Uint8Array(0));
  } catch (error) {
    if (error instanceof ChannelLostError) throw error;
    const failure = asDriverError(error);
    failure.stored ??= position;
    throw failure;
  }
  return success(call, { size: position });
}

async function commitUpload(served: Served, call: Call): Promise<Response> {
  const { size, digest } = call.request.params;
  await served.uploads.commit(
    text(call, 'upload_id'),
    size === null || size === undefined ? null : Number(size),
    typeof digest === 'string' ? digest : null,
  );
  return success(call, {});
}

async function cancelUpload(served: Served, call: Call): Promise<Response> {
  await served.uploads.cancel(text(call, 'upload_id'));
  return success(call, {});
}

async function closeUpload(served: Served, call: Call): Promise<Response> {
  await served.uploads.closeOne(text(call, 'upload_id'));
  return success(call, {});
}

async function listUploads(served: Served, call: Call): Promise<Response> {
  if (served.driver.uploads === undefined) throw unsupportedMethod('ListUploads');
  const infos = await served.driver.uploads(text(call, 'path'));
  return sendListing(
    call,
    infos.map((info) => [info.uploadId, info.path, info.size, info.time]),
  );
}

const METHODS: ReadonlyMap<string, Method> = new Map([
  ['GetContent', read],
  ['ReadStream', read],
  ['PutContent', putContent],
  ['WriteStream', writeStream],
  ['Stat', stat],
  ['List', list],
  ['Walk', walkAll],
  ['Move', move],
  ['Delete', remove],
  ['URLFor', urlFor],
  ['OpenUpload', openUpload],
  ['WriteUpload', writeUpload],
  ['CommitUpload', commitUpload],
  ['CancelUpload', cancelUpload],
  ['CloseUpload', closeUpload],
  ['ListUploads', listUploads],
]);

// The session has checked the params of every method that is known.

function text(call: Call, name: string): string {
  const value = call.request.params[name];
  return typeof value === 'string' ? value : '';
}

function count(call: Call, name: string): number {
  const value = call.request.params[name];
  // No object is as large as what is rounded here: beyond the end is beyond the end.
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
