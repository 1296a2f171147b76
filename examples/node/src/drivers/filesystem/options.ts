/** The parameters of the filesystem driver. */
import { checkKnown, invalidParameters } from '../../storagedriver/index.js';
import { DURABILITIES, type Durability } from './system.js';

/** A week: what the registry of 2015 gave an upload before it was purged. */
const DEFAULT_EXPIRY_SECONDS = 7 * 24 * 3600;

export interface Options {
  readonly root: string;
  readonly durability: Durability;
  /** After so long an upload that nobody writes to is removed; 0 is never. */
  readonly uploadExpirySeconds: number;
}

/** Throws InvalidParameters. Does no I/O. */
export function optionsOf(parameters: Readonly<Record<string, unknown>>): Options {
  checkKnown(parameters, ['rootdirectory', 'durability', 'uploadexpiry']);
  const { rootdirectory: root, durability = 'full', uploadexpiry: expiry } = parameters;
  if (typeof root !== 'string' || !root.startsWith('/') || root.includes('\0')) {
    // The value is not shown: it may be anything, also a secret in the wrong place.
    throw invalidParameters('rootdirectory', 'is required and must be an absolute path');
  }
  const tier = DURABILITIES.find((known) => known === durability);
  if (tier === undefined) {
    throw invalidParameters('durability', `must be one of ${DURABILITIES.join(', ')}`);
  }
  const seconds = expiry ?? DEFAULT_EXPIRY_SECONDS;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) {
    throw invalidParameters('uploadexpiry', 'must be a number of seconds, 0 or more');
  }
  return { root, durability: tier, uploadExpirySeconds: seconds };
}
