/** Content on its way to the host (4, 6): as far as credit goes, and no further. */
import { contentChanged } from '../errors.js';
import type { ReadStream } from '../driver.js';
import { encodeEntry } from '../wire/listing.js';
import { MIN_CHUNK_BYTES } from '../wire/limits.js';
import type { Response } from '../wire/messages.js';
import type { Wire, WireMap } from '../wire/values.js';
import type { Call } from './call.js';

/** A listing is sent on when this much of it is there, or this long after its last part. */
const LISTING_BYTES = 64 * 1024;
const LISTING_MILLISECONDS = 500;

/** How many entries are made between two looks at what the host says. */
const LISTING_TURN_ENTRIES = 256;

export function success(call: Call, result: WireMap, content: Uint8Array | null = null): Response {
  return { kind: 'RESPONSE', id: call.request.id, error: null, result, content };
}

/** The START of a read: sent before the first chunk, and not at all if there is no chunk. */
class Opening {
  #isSent = false;

  constructor(
    private readonly call: Call,
    private readonly info: WireMap,
  ) {}

  async send(): Promise<void> {
    if (this.#isSent) return;
    this.#isSent = true;
    await this.call.channel.send({ kind: 'START', id: this.call.request.id, info: this.info });
  }
}

/** Sends what a stream gives; resolves to the response, which may carry the last piece. */
export async function sendStream(
  call: Call,
  stream: ReadStream,
  path: string,
  offset: number,
): Promise<Response> {
  const { session } = call.channel;
  const { size, version } = stream;
  const opening = new Opening(call, { size, version });
  let left = size === null ? Infinity : Math.max(0, size - offset);
  let piece: Uint8Array = new Uint8Array(0);
  while (left > 0) {
    if (session.credit === 0) {
      await opening.send();
      await call.room(1);
    }
    call.checkStop();
    piece = await gather(stream, Math.min(session.sendable, left));
    left = piece.length === 0 && size === null ? 0 : left - piece.length;
    if (left <= 0 || piece.length === 0) break;
    await opening.send();
    call.checkStop();
    await call.channel.send({ kind: 'CHUNK', id: call.request.id, content: piece });
  }
  if (left > 0) throw contentChanged(path, `it ends ${String(left)} bytes before the size it had`);
  call.checkStop();
  const sent = session.moved + piece.length;
  const reached = size ?? offset + sent;
  return success(call, { size: reached, version }, piece.length === 0 ? null : piece);
}

/** Reads a piece that is worth a message; a smaller one is the last. */
async function gather(stream: ReadStream, limit: number): Promise<Uint8Array> {
  const first = await stream.read(limit);
  const least = Math.min(limit, MIN_CHUNK_BYTES);
  if (first.length === 0 || first.length >= least) return first;
  const pieces = [first];
  let length = first.length;
  while (length < least) {
    const more = await stream.read(limit - length);
    if (more.length === 0) break;
    pieces.push(more);
    length += more.length;
  }
  return Buffer.concat(pieces, length);
}

/** Sends entries in batches of whole ones; resolves to the response that ends the call. */
export async function sendListing(
  call: Call,
  entries: AsyncIterable<readonly Wire[]> | Iterable<readonly Wire[]>,
): Promise<Response> {
  const batch = new Batch(call);
  let count = 0;
  for await (const entry of entries) {
    await batch.add(encodeEntry(entry));
    count += 1;
    if (count % LISTING_TURN_ENTRIES === 0) {
      await new Promise(setImmediate);
      call.checkStop();
    }
  }
  return success(call, { count }, await batch.rest());
}

/** Encoded entries on their way into chunks. */
class Batch {
  #entries: Uint8Array[] = [];
  #bytes = 0;
  #sentAt = performance.now();
  readonly #opening: Opening;

  constructor(private readonly call: Call) {
    this.#opening = new Opening(call, {});
  }

  async add(entry: Uint8Array): Promise<void> {
    const limit = Math.min(LISTING_BYTES, this.call.channel.session.sendable);
    if (this.#bytes > 0 && this.#bytes + entry.length > limit) await this.#send();
    this.#entries.push(entry);
    this.#bytes += entry.length;
    if (performance.now() - this.#sentAt > LISTING_MILLISECONDS) await this.#send();
  }

  /** Resolves to what the response carries. */
  async rest(): Promise<Uint8Array | null> {
    await this.#room();
    return this.#bytes === 0 ? null : Buffer.concat(this.#entries, this.#bytes);
  }

  async #send(): Promise<void> {
    await this.#room();
    await this.#opening.send();
    const content = Buffer.concat(this.#entries, this.#bytes);
    this.#entries = [];
    this.#bytes = 0;
    this.#sentAt = performance.now();
    await this.call.channel.send({ kind: 'CHUNK', id: this.call.request.id, content });
  }

  async #room(): Promise<void> {
    this.call.checkStop();
    // The host grants more for what it has been sent, not for what it does not know of.
    if (this.call.channel.session.credit < this.#bytes) await this.#opening.send();
    await this.call.room(this.#bytes);
  }
}
