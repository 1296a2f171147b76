/** Entries of listings, which stand one after another in content (9.5). */
import { checkEntry } from './calls.js';
import { pack, unpackAll } from './pack.js';
import type { Wire } from './values.js';

/** Returns the bytes of one entry. */
export function encodeEntry(entry: readonly Wire[]): Uint8Array {
  return pack(entry);
}

/**
 * Returns the entries of one chunk, with their known elements only.
 *
 * @throws StorageDriverError ProtocolError if it is not made of whole entries of the method.
 */
export function checkListing(method: string, chunk: Uint8Array): Wire[][] {
  return unpackAll(chunk).map((entry) => checkEntry(method, entry));
}
