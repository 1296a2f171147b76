/**
 * The files in which the filesystem driver keeps hidden uploads, and what crashes leave of them.
 *
 * An upload is two files in a directory of the root whose name no path rule allows: its path, written
 * and synced first, and its content, which appears at the path by a rename. It is there while both
 * are; a crash of its opening or its end leaves at most half of one, which a sweep removes.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { pathNotFound, type UploadInfo } from '../../storagedriver/index.js';
import { aboutLater } from './errors.js';
import { componentsOf } from './paths.js';
import {
  BOTH,
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
  syncEntries,
  writeAll,
  type Durability,
} from './system.js';
import { modTimeOf } from './visible.js';

const DIRECTORY_NAME = '.node-uploads~';
const CONTENT = '.data~';
const PATH = '.path~';
const ID_PATTERN = /^[0-9a-f]{32}$/;

/** While an upload is opened or ends, one half of it is there for an instant. */
const HALF_MADE_SECONDS = 3600;

export const contentName = (uploadId: string): string => uploadId + CONTENT;

/** Runs a step with the directory of the uploads, open. Rejects with ENOENT if there is none. */
export async function inUploads<T>(
  root: number,
  step: (directory: number) => Promise<T> | T,
): Promise<T> {
  const directory = openAt(root, DIRECTORY_NAME, DIRECTORY);
  try {
    return await step(directory);
  } finally {
    closeQuietly(directory);
  }
}

/** Makes an upload to `path`; resolves to its id and the open content. */
export async function makeUpload(
  root: number,
  path: string,
  durability: Durability,
): Promise<readonly [string, number]> {
  componentsOf(path);
  const uploadId = randomBytes(16).toString('hex');
  return aboutLater(path, async () => {
    await makeDirectory(root, durability);
    return inUploads(root, async (directory) => {
      try {
        await writePath(directory, uploadId, path, durability);
        const descriptor = openAt(directory, contentName(uploadId), MAKING);
        await syncEntries(directory, durability);
        return [uploadId, descriptor] as const;
      } catch (error) {
        removeUpload(directory, uploadId);
        throw error;
      }
    });
  });
}

/** Opens the content of an upload. Rejects with PathNotFound if there is none to `path`. */
export async function findUpload(root: number, path: string, uploadId: string): Promise<number> {
  // What is no id never comes near the file system.
  if (!ID_PATTERN.test(uploadId)) throw noSuchUpload(path);
  try {
    return await inUploads(root, (directory) => {
      if (readPath(directory, uploadId) !== path) throw noSuchUpload(path);
      return openAt(directory, contentName(uploadId), BOTH);
    });
  } catch (error) {
    throw isSystemError(error, 'ENOENT') ? noSuchUpload(path) : error;
  }
}

/** Removes an upload: the content first, as without it there is none, whatever comes next. */
export function removeUpload(directory: number, uploadId: string): void {
  for (const name of [contentName(uploadId), uploadId + PATH]) {
    quietly(() => {
      fs.unlinkSync(at(directory, name));
    }, 'ENOENT');
  }
}

/** Resolves to the uploads to `prefix` and below, in order of path and id. */
export async function listUploads(root: number, prefix: string): Promise<UploadInfo[]> {
  const below = prefix === '/' ? prefix : `${prefix}/`;
  const found: UploadInfo[] = [];
  try {
    await inUploads(root, (directory) => {
      for (const uploadId of idsIn(directory, CONTENT)) {
        const path = readPath(directory, uploadId);
        if (path === undefined || !(path === prefix || path.startsWith(below))) continue;
        // It may have ended meanwhile.
        quietly(() => {
          const status = statusAt(directory, contentName(uploadId));
          found.push({ uploadId, path, size: Number(status.size), time: modTimeOf(status) });
        }, 'ENOENT');
      }
    });
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
  const sortKey = (info: UploadInfo): string => `${info.path}\0${info.uploadId}`;
  return found.sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
}

/** Removes what nobody has written to for so long, and halves; 0 keeps whole uploads for ever. */
export function sweepUploads(root: number, expirySeconds: number): void {
  quietly(() => {
    const directory = openAt(root, DIRECTORY_NAME, DIRECTORY);
    try {
      const contents = new Set(idsIn(directory, CONTENT));
      const ids = new Set([...contents, ...idsIn(directory, PATH)]);
      for (const id of ids) {
        quietly(() => {
          const isWhole = contents.has(id) && readPath(directory, id) !== undefined;
          const seconds = isWhole ? expirySeconds : HALF_MADE_SECONDS;
          const status = statusAt(directory, contents.has(id) ? contentName(id) : id + PATH);
          const age = (Date.now() - Number(status.mtimeMs)) / 1000;
          if (seconds > 0 && age > seconds) removeUpload(directory, id);
        });
      }
    } finally {
      closeQuietly(directory);
    }
  });
}

export function noSuchUpload(path: string): Error {
  return pathNotFound(path, 'no such upload');
}

async function makeDirectory(root: number, durability: Durability): Promise<void> {
  try {
    fs.mkdirSync(at(root, DIRECTORY_NAME));
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return;
    throw error;
  }
  await syncEntries(root, durability);
}

async function writePath(
  directory: number,
  uploadId: string,
  path: string,
  durability: Durability,
): Promise<void> {
  const descriptor = openAt(directory, uploadId + PATH, MAKING);
  try {
    // With an end: what a power cut has cut short cannot pass for another path.
    await writeAll(descriptor, Buffer.from(`${path}\n`), 0);
    await syncContent(descriptor, durability);
  } finally {
    closeQuietly(descriptor);
  }
}

/** Returns the path of an upload, undefined if there is none or it is no whole one. */
function readPath(directory: number, uploadId: string): string | undefined {
  try {
    const text = fs.readFileSync(at(directory, uploadId + PATH), 'utf8');
    return text.endsWith('\n') ? text.slice(0, -1) : undefined;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function* idsIn(directory: number, suffix: string): Iterable<string> {
  for (const { name } of entriesOf(directory)) {
    const uploadId = name.slice(0, -suffix.length);
    if (name.endsWith(suffix) && ID_PATTERN.test(uploadId)) yield uploadId;
  }
}
