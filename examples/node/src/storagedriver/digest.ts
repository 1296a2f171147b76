/** Digests as text, "algorithm:hex", and whether a content has the one that it should have. */
import { createHash, getHashes, type Hash } from 'node:crypto';
import { invalidParameters } from './errors.js';

/** Takes a content piece by piece, and tells whether it has the expected digest. */
export class DigestCheck {
  readonly #hash: Hash;
  readonly #expected: string;

  /** Throws InvalidParameters that names `digest` if it is none, or none that is known here. */
  constructor(digest: string) {
    const match = /^([a-z0-9_-]+):([0-9a-f]+)$/.exec(digest);
    const [, algorithm = '', hex = ''] = match ?? [];
    if (match === null) throw invalidParameters('digest', 'must be algorithm:hex, in lower case');
    // Those of any length are no digests of one content.
    if (algorithm.startsWith('shake') || !getHashes().includes(algorithm)) {
      throw invalidParameters('digest', `the algorithm ${algorithm} is not known`);
    }
    this.#hash = createHash(algorithm);
    this.#expected = hex;
    const digits = this.#hash.copy().digest('hex').length;
    if (hex.length !== digits) {
      throw invalidParameters('digest', `${algorithm} has ${String(digits)} hexadecimal digits`);
    }
  }

  update(content: Uint8Array): void {
    this.#hash.update(content);
  }

  /** Whether all that was taken has the expected digest. To be asked once. */
  matches(): boolean {
    return this.#hash.digest('hex') === this.#expected;
  }
}
