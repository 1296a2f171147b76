/** Removing whole directories, by descriptor, no link followed. */
import fs from 'node:fs';
import { isError } from '../../storagedriver/index.js';
import { contractError } from './errors.js';
import {
  DIRECTORY,
  at,
  closeQuietly,
  entriesOf,
  isSystemError,
  openAt,
  quietly,
} from './system.js';

/** Path and error code of what could not be removed. */
export type Failed = (readonly [path: string, code: string])[];

/** How many entries are removed between two looks at the rest of the world. */
const TURN_ENTRIES = 64;

/**
 * Removes a directory and all that is in it, also what does not show; resolves to what is left.
 *
 * Goes on after a failure. What others put there meanwhile may stay, and is no failure.
 */
export async function removeTree(parent: number, name: string, path: string): Promise<Failed> {
  const directory = openAt(parent, name, DIRECTORY);
  const failed: Failed = [];
  try {
    const entries = [...entriesOf(directory)];
    for (const [index, entry] of entries.entries()) {
      const inner = `${path}/${entry.name}`;
      try {
        if (entry.isDirectory()) failed.push(...(await removeTree(directory, entry.name, inner)));
        else fs.unlinkSync(at(directory, entry.name));
      } catch (error) {
        if (isSystemError(error, 'ENOENT')) continue;
        const told = contractError(error, inner);
        failed.push([inner, isError(told) ? told.code : 'Internal']);
      }
      if (index % TURN_ENTRIES === TURN_ENTRIES - 1) await new Promise(setImmediate);
    }
  } finally {
    closeQuietly(directory);
  }
  // Where it cannot be removed it is empty at least of all that was found, and does not show.
  if (failed.length === 0) {
    quietly(() => {
      fs.rmdirSync(at(parent, name));
    });
  }
  return failed;
}

/** Removes a directory in which, at any depth, there is nothing but directories. */
export function removeEmptyDirectories(parent: number, name: string): void {
  const directory = openAt(parent, name, DIRECTORY);
  try {
    const below = [...entriesOf(directory)].filter((entry) => entry.isDirectory());
    for (const entry of below) removeEmptyDirectories(directory, entry.name);
  } finally {
    closeQuietly(directory);
  }
  fs.rmdirSync(at(parent, name));
}
