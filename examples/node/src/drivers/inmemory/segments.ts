/** Contents in memory: runs of bytes that nobody changes, so that readers keep what they opened. */
import type { ReadStream } from '../../storagedriver/index.js';

/** The runs that a content consists of, none of them empty. */
export type Segments = readonly Uint8Array[];

/** Neighbours smaller than this become one, so that many small appends make no long list. */
const JOIN_BELOW_BYTES = 64 * 1024;

export function sizeOf(segments: Segments): number {
  return segments.reduce((size, segment) => size + segment.length, 0);
}

/** Returns the first `size` bytes of a content. */
export function cut(segments: Segments, size: number): Segments {
  const kept: Uint8Array[] = [];
  let left = size;
  for (const segment of segments) {
    if (left <= 0) break;
    kept.push(segment.length <= left ? segment : segment.subarray(0, left));
    left -= segment.length;
  }
  return kept;
}

/** Returns a content with `more` at its end. Segments that need not change are shared. */
export function appended(segments: Segments, more: Segments): Segments {
  const result = segments.slice(0, -1);
  let pending: Uint8Array[] = [];
  let bytes = 0;
  const flush = (): void => {
    const [only] = pending;
    if (only !== undefined)
      result.push(pending.length === 1 ? only : Buffer.concat(pending, bytes));
    pending = [];
    bytes = 0;
  };
  for (const piece of [...segments.slice(-1), ...more]) {
    if (piece.length === 0) continue;
    // A long one stays as it is; a short one may share the memory of a message, and joins others.
    if (piece.length >= JOIN_BELOW_BYTES) flush();
    pending.push(piece);
    bytes += piece.length;
    if (bytes >= JOIN_BELOW_BYTES) flush();
  }
  flush();
  return result;
}

/** Reads a content from `offset` on, without copying it. */
export class SegmentsReadStream implements ReadStream {
  readonly size: number;
  #index = 0;
  #start: number;

  constructor(
    private segments: Segments,
    offset: number,
    readonly version: Uint8Array,
  ) {
    this.size = sizeOf(segments);
    this.#start = offset;
    for (let length; (length = segments[this.#index]?.length) !== undefined; this.#index += 1) {
      if (this.#start < length) break;
      this.#start -= length;
    }
  }

  read(limit: number): Promise<Uint8Array> {
    const segment = this.segments[this.#index];
    if (segment === undefined) return Promise.resolve(new Uint8Array(0));
    const piece = segment.subarray(this.#start, this.#start + limit);
    this.#start += piece.length;
    if (this.#start === segment.length) {
      this.#index += 1;
      this.#start = 0;
    }
    return Promise.resolve(piece);
  }

  close(): void {
    // A stream that somebody keeps does not keep the content.
    this.segments = [];
  }
}
