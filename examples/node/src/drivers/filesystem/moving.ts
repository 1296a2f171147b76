/** Moving what the filesystem driver holds, by one rename. */
import fs from 'node:fs';
import {
  invalidPath,
  isADirectory,
  notADirectory,
  outcomeUnknown,
  pathNotFound,
} from '../../storagedriver/index.js';
import { withChain, type Chain } from './chain.js';
import { notSynced } from './errors.js';
import { keepTimeAt } from './files.js';
import { renameHere } from './staging.js';
import { at, isSameFile, isSystemError, quietly, type Durability, type Status } from './system.js';

/** Moves as StorageDriver.move says. Rejects of the contract. */
export async function move(
  root: number,
  durability: Durability,
  source: string,
  destination: string,
): Promise<void> {
  await withChain(root, source, (from) =>
    withChain(root, destination, (to) => moveBetween(from, to, durability)),
  );
}

async function moveBetween(from: Chain, to: Chain, durability: Durability): Promise<void> {
  const moved = from.look();
  if (moved === undefined) throw pathNotFound(from.path);
  if (from.path === to.path) return;
  const replaced = to.look();
  check(from.path, to.path, moved, replaced);
  if (replaced !== undefined) {
    // Before the rename, or a crash would leave it in the past. Another user's file can be moved,
    // but its time not set.
    quietly(() => {
      keepTimeAt(from.parent, from.leaf, moved, replaced);
    });
  }
  to.place((parent) => {
    rename(from, parent, to.leaf);
  });
  // Two names of one file, which only another program makes: the rename did nothing.
  if (replaced !== undefined && isSameFile(moved, replaced)) unlinkSource(from, to.path);
  try {
    await to.sync(durability);
    await from.sync(durability);
  } catch (error) {
    throw notSynced('Move', to.path, error);
  }
  from.prune();
}

function check(
  source: string,
  destination: string,
  moved: Status,
  replaced: Status | undefined,
): void {
  if (moved.isDirectory() && destination.startsWith(`${source}/`)) {
    throw invalidPath(destination, `lies inside ${source}, which is to move`);
  }
  if (replaced === undefined) return;
  if (replaced.isDirectory()) throw isADirectory(destination);
  if (moved.isDirectory()) throw notADirectory(destination);
}

function rename(from: Chain, parent: number, name: string): void {
  try {
    renameHere(at(from.parent, from.leaf), at(parent, name));
  } catch (error) {
    if (isSystemError(error, 'ENOENT') && from.look() === undefined) throw pathNotFound(from.path);
    throw error;
  }
}

function unlinkSource(from: Chain, destination: string): void {
  try {
    fs.unlinkSync(at(from.parent, from.leaf));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    // Both are there. The destination is whole, and moving again does the rest.
    throw outcomeUnknown('Move', from.path, `it is at ${destination}, but stays where it was`);
  }
}
