/**
 * What shows of a directory tree: objects, and the directories that hold one, at whatever depth.
 *
 * What a crash or another program left there does not: empty directories, links, special files, and
 * names that no path rule allows.
 */
import { timeFromNanoseconds, type FileInfo, type Time } from '../../storagedriver/index.js';
import { contractError, inTheWay } from './errors.js';
import { MAX_DEPTH, isComponent } from './paths.js';
import {
  DIRECTORY,
  closeQuietly,
  entriesOf,
  isSystemError,
  openAt,
  statusAt,
  type Status,
} from './system.js';

export function infoOf(path: string, status: Status): FileInfo {
  if (status.isDirectory()) return { path, size: 0, modTime: null, isDirectory: true };
  return { path, size: Number(status.size), modTime: modTimeOf(status), isDirectory: false };
}

export function modTimeOf(status: Status): Time {
  return timeFromNanoseconds(status.mtimeNs);
}

/**
 * Returns the status of what is `name`, undefined if nothing shows there.
 *
 * Throws of the contract, about `path`: PermissionDenied if a link or a special file is there.
 */
export function shownStatus(parent: number, name: string, path: string): Status | undefined {
  let status: Status;
  try {
    status = statusAt(parent, name);
    if (status.isDirectory()) return holdsObjectIn(parent, name) ? status : undefined;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw contractError(error, path);
  }
  if (!status.isFile()) throw inTheWay(path);
  return status;
}

/** Iterates over the names in a directory that a path can lead to, and which are directories. */
export function* namesIn(directory: number): Iterable<readonly [string, boolean]> {
  for (const entry of entriesOf(directory)) {
    if (!isComponent(entry.name)) continue;
    if (entry.isFile()) yield [entry.name, false];
    else if (entry.isDirectory()) yield [entry.name, true];
  }
}

/** Iterates over the names that show in a directory, in no order. */
export function* shownNames(directory: number): Iterable<string> {
  for (const [name, isDirectory] of namesIn(directory)) {
    if (!isDirectory || holdsObjectIn(directory, name)) yield name;
  }
}

/** Whether an object is in the directory `name` or below it; false if there is none. */
export function holdsObjectIn(parent: number, name: string, depth = 1): boolean {
  let directory: number;
  try {
    directory = openAt(parent, name, DIRECTORY);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return false;
    // It cannot be looked into, so there may be something in it.
    if (isSystemError(error, 'EACCES')) return true;
    throw error;
  }
  try {
    return holdsObject(directory, depth);
  } finally {
    closeQuietly(directory);
  }
}

function holdsObject(directory: number, depth: number): boolean {
  const below: string[] = [];
  for (const [name, isDirectory] of namesIn(directory)) {
    if (!isDirectory) return true;
    if (depth < MAX_DEPTH) below.push(name);
  }
  return below.some((name) => holdsObjectIn(directory, name, depth + 1));
}
