/**
 * The directories above one path, open: found or made on the way to it, pruned after a removal.
 *
 * Each is opened in the one before, and no link is followed, so there is no moment at which another
 * process could lead us out of the root. A directory exists only while something is in it: the one
 * who writes makes again what another, having emptied it, removes at the same moment.
 */
import fs from 'node:fs';
import {
  StorageDriverError,
  invalidPath,
  isADirectory,
  permissionDenied,
} from '../../storagedriver/index.js';
import { contractError, directoryError } from './errors.js';
import { componentsOf } from './paths.js';
import { removeEmptyDirectories } from './removal.js';
import {
  PASSING,
  at,
  closeQuietly,
  isSystemError,
  openAt,
  quietly,
  syncEntries,
  type Durability,
  type Status,
} from './system.js';
import { holdsObjectIn, shownStatus } from './visible.js';

/** How often a write goes back. So many times in a row is no coincidence. */
const ATTEMPTS = 1000;

export class Chain {
  readonly leaf: string;
  readonly #names: readonly string[];
  readonly #descriptors: number[];
  /** How many of the directories are older than this call. */
  #found: number;

  /** Throws InvalidPath for what is no path of an object. */
  constructor(
    root: number,
    readonly path: string,
  ) {
    const names = componentsOf(path);
    const leaf = names.pop();
    if (leaf === undefined) throw invalidPath(path);
    this.leaf = leaf;
    this.#names = names;
    this.#found = names.length;
    // The root, which is not ours to close, stands in front of the others.
    this.#descriptors = [root];
  }

  /** The directory that the path stands in, once that was found or made. */
  get parent(): number {
    const last = this.#descriptors.at(-1);
    if (last === undefined) throw new Error('the root is always there');
    return last;
  }

  /** Returns the status of what shows at the path, undefined if nothing does. Throws of the contract. */
  look(): Status | undefined {
    return this.find() ? shownStatus(this.parent, this.leaf, this.path) : undefined;
  }

  /** Opens what is there of the chain; returns whether that is all of it. Throws of the contract. */
  find(): boolean {
    for (const name of this.#names.slice(this.#descriptors.length - 1)) {
      const { parent } = this;
      try {
        this.#descriptors.push(openAt(parent, name, PASSING));
      } catch (error) {
        if (isSystemError(error, 'ENOENT')) return false;
        throw directoryError(error, parent, name, this.path);
      }
    }
    return true;
  }

  /**
   * Makes the chain and calls `put` with its last directory. It puts something at the leaf, and is
   * called again after a directory has vanished, or an empty one at the leaf was removed.
   */
  place<T>(put: (parent: number) => T): T {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      try {
        this.#make();
        return put(this.parent);
      } catch (error) {
        if (isSystemError(error, 'ENOENT')) this.#reset();
        else if (isSystemError(error, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) this.#removeLeftover();
        else throw contractError(error, this.path);
      }
    }
    const message = `Other calls got in the way ${String(ATTEMPTS)} times: ${this.path}`;
    throw new StorageDriverError('Internal', message, {}, { temporary: true });
  }

  /** Syncs the entry of the leaf, and of each directory which was made on the way to it. */
  async sync(durability: Durability): Promise<void> {
    for (const directory of this.#descriptors.slice(this.#found)) {
      try {
        await syncEntries(directory, durability);
      } catch (error) {
        // Another call has emptied and removed it by now, and so what was to be synced.
        if (!isSystemError(error, 'ENOENT')) throw error;
      }
    }
  }

  /** Removes the directories of the chain that are empty, from the last one up. */
  prune(): void {
    for (let depth = this.#descriptors.length - 1; depth > 0; depth -= 1) {
      const [above, name] = [this.#descriptors[depth - 1], this.#names[depth - 1]];
      try {
        fs.rmdirSync(at(above ?? -1, name ?? ''));
      } catch {
        // Something is in it; or it is gone, and whoever removed it goes on upwards; or it may not
        // be removed, and stays out of sight, as empty directories do.
        return;
      }
    }
  }

  /** Closes all. Nothing of a write that failed stays, also not the directories that it made. */
  close(hasFailed = false): void {
    if (hasFailed && this.#found < this.#names.length) this.prune();
    this.#reset();
  }

  #make(): void {
    while (!this.find()) {
      const depth = this.#descriptors.length - 1;
      // Somebody else may have made it by now.
      quietly(() => {
        fs.mkdirSync(at(this.parent, this.#names[depth] ?? ''));
        this.#found = Math.min(this.#found, depth);
      }, 'EEXIST');
    }
  }

  #reset(): void {
    for (const descriptor of this.#descriptors.splice(1)) closeQuietly(descriptor);
  }

  /** Removes the directory at the leaf, unless it shows. It may have gone meanwhile. */
  #removeLeftover(): void {
    const { parent, leaf, path } = this;
    try {
      if (holdsObjectIn(parent, leaf)) throw isADirectory(path);
      removeEmptyDirectories(parent, leaf);
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return;
      if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST')) throw contractError(error, path);
      // An object that has just come will be seen next time.
      if (!holdsObjectIn(parent, leaf)) {
        throw permissionDenied(path, 'a directory without objects is in the way');
      }
    }
  }
}

/** Runs a step with the chain of a path, and closes it. */
export async function withChain<T>(
  root: number,
  path: string,
  step: (chain: Chain) => Promise<T> | T,
): Promise<T> {
  const chain = new Chain(root, path);
  let hasFailed = true;
  try {
    const result = await step(chain);
    hasFailed = false;
    return result;
  } catch (error) {
    throw contractError(error, path);
  } finally {
    chain.close(hasFailed);
  }
}
