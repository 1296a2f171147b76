/** Bytes to values and back, by msgpack, with what the protocol forbids of it (3.5, 3.6). */
import { Decoder, Encoder, ExtensionCodec, decodeMulti } from '@msgpack/msgpack';
import { protocolError } from '../errors.js';
import { MAX_CONTAINER_ITEMS, MAX_HEADER_BYTES, MAX_NESTING_LEVELS } from './limits.js';
import { checkNesting } from './nesting.js';
import type { Wire } from './values.js';

/** Takes no extension type at all, also not msgpack's own timestamp. */
class NoExtensions extends ExtensionCodec {
  override decode(): never {
    throw new RangeError('extension types are not allowed');
  }

  override tryToEncode(): null {
    return null;
  }
}

const OPTIONS = {
  extensionCodec: new NoExtensions(),
  useBigInt64: true,
  maxArrayLength: MAX_CONTAINER_ITEMS,
  maxMapLength: MAX_CONTAINER_ITEMS,
  // The shared decoder of keys takes invalid UTF-8 for what it looks like.
  keyDecoder: null,
  mapKeyConverter: (key: unknown): string => {
    if (typeof key !== 'string') throw new RangeError('a key of a map must be a text');
    return key;
  },
} as const;

const PACKING = {
  extensionCodec: OPTIONS.extensionCodec,
  ignoreUndefined: true,
  initialBufferSize: 1024,
} as const;

const encoder = new Encoder(PACKING);
/** It takes bigints, but makes floats of numbers beyond 32 bits: legal, and longer to read. */
const encoderOfBigInts = new Encoder({ ...PACKING, useBigInt64: true });

/** Returns the bytes of one value, which are nobody else's. */
export function pack(value: unknown, mayHoldBigInts = false): Uint8Array {
  return (mayHoldBigInts ? encoderOfBigInts : encoder).encode(value);
}

/**
 * Returns the one value that the bytes are. Binary in it shares their memory.
 *
 * @throws StorageDriverError ProtocolError for anything else, and nothing else.
 */
export function unpack(bytes: Uint8Array, what: string): Wire {
  if (bytes.length > MAX_HEADER_BYTES) {
    throw protocolError(`${what} of ${String(bytes.length)} bytes is too long`);
  }
  try {
    checkNesting(bytes, MAX_NESTING_LEVELS);
    // One for each: an error in the middle may leave it as it was then.
    return new Decoder(OPTIONS).decode(bytes) as Wire;
  } catch (error) {
    throw protocolError(`${what} is malformed: ${reasonOf(error)}`);
  }
}

/** As `unpack`, for the values that stand one after another in a chunk of a listing. */
export function unpackAll(bytes: Uint8Array): Wire[] {
  try {
    checkNesting(bytes, MAX_NESTING_LEVELS);
    return [...decodeMulti(bytes, OPTIONS)] as Wire[];
  } catch (error) {
    throw protocolError(`a listing is malformed: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
