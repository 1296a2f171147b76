/** The walk of the filesystem driver: every object below a directory, in byte order of the path. */
import type { FileInfo } from '../../storagedriver/index.js';
import { contractError } from './errors.js';
import { MAX_DEPTH } from './paths.js';
import { DIRECTORY, closeQuietly, isSystemError, openAt, statusAt } from './system.js';
import { infoOf, namesIn } from './visible.js';

/**
 * Iterates over the objects below a directory, which is open at `path`, behind `startAfter`.
 *
 * Each directory is seen as it is when the walk comes to it; what vanishes meanwhile is left out.
 * Closes the directory, also when it is dropped half-way.
 */
export function* walk(directory: number, path: string, startAfter: string): Iterable<FileInfo> {
  const levels: Level[] = [];
  try {
    levels.push(levelOf(directory, path, startAfter));
    for (let level; (level = levels.at(-1)) !== undefined;) {
      const visit = level.visits.pop();
      if (visit === undefined) {
        levels.pop();
        closeQuietly(level.directory);
      } else if (!visit.isDirectory) {
        const info = infoFor(level, visit);
        if (info !== undefined) yield info;
      } else if (levels.length <= MAX_DEPTH) {
        const below = enter(level, visit);
        if (below !== undefined) levels.push(levelOf(below, visit.path, startAfter));
      }
    }
  } finally {
    for (const level of levels) closeQuietly(level.directory);
  }
}

interface Visit {
  /** What is below a directory stands where its path and a slash would: /a-b before /a/b. */
  readonly sortKey: string;
  readonly path: string;
  readonly name: string;
  readonly isDirectory: boolean;
}

/** One directory on the way down, and what is still to visit in it, the next one last. */
interface Level {
  readonly directory: number;
  readonly visits: Visit[];
}

function levelOf(directory: number, path: string, startAfter: string): Level {
  const visits: Visit[] = [];
  const above = path === '/' ? '' : path;
  try {
    for (const [name, isDirectory] of namesIn(directory)) {
      const child = `${above}/${name}`;
      // All that is below a directory sorts before its path and "0", as "0" follows "/".
      if ((isDirectory ? `${child}0` : child) <= startAfter) continue;
      visits.push({ sortKey: isDirectory ? `${child}/` : child, path: child, name, isDirectory });
    }
  } catch (error) {
    closeQuietly(directory);
    throw contractError(error, path);
  }
  visits.sort((one, other) => (one.sortKey < other.sortKey ? 1 : -1));
  return { directory, visits };
}

function enter(level: Level, visit: Visit): number | undefined {
  try {
    return openAt(level.directory, visit.name, DIRECTORY);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw contractError(error, visit.path);
  }
}

function infoFor(level: Level, visit: Visit): FileInfo | undefined {
  try {
    const status = statusAt(level.directory, visit.name);
    return status.isFile() ? infoOf(visit.path, status) : undefined;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw contractError(error, visit.path);
  }
}
