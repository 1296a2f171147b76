/** Which error of the contract an error of the operating system is. */
import {
  StorageDriverError,
  invalidPath,
  isADirectory,
  noSpace,
  notADirectory,
  outcomeUnknown,
  pathNotFound,
  permissionDenied,
  throttled,
} from '../../storagedriver/index.js';
import { isSystemError, statusAt } from './system.js';

type Make = (path: string, reason: string) => StorageDriverError;

const MAKERS: Readonly<Partial<Record<string, Make>>> = {
  ENOENT: (path) => pathNotFound(path),
  ENOTDIR: (path) => notADirectory(path),
  EISDIR: (path) => isADirectory(path),
  ENOSPC: noSpace,
  EDQUOT: noSpace,
  EACCES: permissionDenied,
  EPERM: permissionDenied,
  EROFS: permissionDenied,
  // No link is followed: this is one.
  ELOOP: permissionDenied,
  // A socket, a device without a driver, or a fifo that nobody reads.
  ENXIO: permissionDenied,
  ENAMETOOLONG: invalidPath,
  // Too many open files: fewer calls at a time need fewer.
  EMFILE: throttled,
  ENFILE: throttled,
};

/** What a file system on a network gives while it is out of step. */
const TEMPORARY = ['EAGAIN', 'EBUSY', 'ESTALE', 'ETIMEDOUT'];

/** Returns what callers are told of an error about `path`; what is none of the system's, as it is. */
export function contractError(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  const name = error.code ?? '';
  const reason = `${name} in ${error.syscall ?? 'a call'}`;
  const make = MAKERS[name];
  if (make !== undefined) return make(path, reason);
  const temporary = TEMPORARY.includes(name);
  return new StorageDriverError('Internal', `${reason}: ${path}`, {}, { temporary, cause: error });
}

/** Runs a step, and throws of the contract what it throws of the system. */
export function about<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw contractError(error, path);
  }
}

/** As `about`, of a step that takes its time. */
export async function aboutLater<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw contractError(error, path);
  }
}

/** As `contractError`, of opening the directory `name`. */
export function directoryError(
  error: unknown,
  parent: number,
  name: string,
  path: string,
): unknown {
  if (!isSystemError(error, 'ENOTDIR', 'ELOOP')) return contractError(error, path);
  // The kernel says the same of a file, a link and a special file.
  const status = about(path, () => statusAt(parent, name));
  return status.isFile() ? notADirectory(path) : inTheWay(path);
}

/** The error for a link or a special file where a file or a directory is needed. */
export function inTheWay(path: string): StorageDriverError {
  return permissionDenied(path, 'a link or a special file is in the way');
}

/** The error for a change that happened, but might not survive a power cut. */
export function notSynced(method: string, path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return outcomeUnknown(method, path, `its directory cannot be synced: ${error.code ?? ''}`);
}
