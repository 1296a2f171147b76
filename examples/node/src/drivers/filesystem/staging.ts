/**
 * Contents that are written out of sight, to appear whole by one rename.
 *
 * Staging files stand in a directory of the root whose name no path rule allows. Node has no locks on
 * files, so what nobody has written to for an hour counts as left by a crash; should its writer live
 * after all, its rename fails, and nothing is published.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { StorageDriverError } from '../../storagedriver/index.js';
import {
  DIRECTORY,
  MAKING,
  at,
  closeQuietly,
  entriesOf,
  isSystemError,
  openAt,
  quietly,
  statusAt,
  syncContent,
  writeAll,
  type Durability,
} from './system.js';

/** In the root, and so on its file system: a rename from here is atomic. */
const DIRECTORY_NAME = '.node-staging~';
const STALE_MILLISECONDS = 3600 * 1000;

/** One staging file. `discard` is to be called in the end, whatever has become of it. */
export class StagedFile {
  readonly #name = `${randomBytes(16).toString('hex')}~`;
  readonly #directory: number;
  readonly descriptor: number;
  #written = 0;
  #isRenamed = false;

  constructor(root: number) {
    // Opened for each: somebody may tidy up.
    quietly(() => {
      fs.mkdirSync(at(root, DIRECTORY_NAME));
    }, 'EEXIST');
    this.#directory = openAt(root, DIRECTORY_NAME, DIRECTORY);
    try {
      this.descriptor = openAt(this.#directory, this.#name, MAKING);
    } catch (error) {
      closeQuietly(this.#directory);
      throw error;
    }
  }

  async write(content: Uint8Array): Promise<void> {
    await writeAll(this.descriptor, content, this.#written);
    this.#written += content.length;
  }

  /** Makes the content final. After an error there is no second try. */
  async finish(durability: Durability): Promise<void> {
    await syncContent(this.descriptor, durability);
  }

  /** Lets it appear, in place of whatever object is there. */
  rename(parent: number, name: string): void {
    renameHere(at(this.#directory, this.#name), at(parent, name));
    this.#isRenamed = true;
  }

  discard(): void {
    if (!this.#isRenamed) {
      quietly(() => {
        fs.unlinkSync(at(this.#directory, this.#name));
      });
    }
    closeQuietly(this.descriptor);
    closeQuietly(this.#directory);
  }
}

/** Renames, and says so where another file system is mounted: there this driver cannot be atomic. */
export function renameHere(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (!isSystemError(error, 'EXDEV')) throw error;
    throw new StorageDriverError('Internal', 'another file system is mounted below the root');
  }
}

/** Removes what crashes have left. What cannot be removed stays. */
export function sweepStaging(root: number): void {
  quietly(() => {
    const directory = openAt(root, DIRECTORY_NAME, DIRECTORY);
    try {
      for (const { name } of [...entriesOf(directory)]) {
        quietly(() => {
          const age = Date.now() - Number(statusAt(directory, name).mtimeMs);
          if (age > STALE_MILLISECONDS) fs.unlinkSync(at(directory, name));
        });
      }
    } finally {
      closeQuietly(directory);
    }
  });
}
