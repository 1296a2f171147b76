/** The walk of a driver that has none of its own, by listing each directory. */
import type { FileInfo, StorageDriver } from './driver.js';
import { isError } from './errors.js';

/**
 * Resolves to the objects below `path` that sort behind `startAfter`.
 *
 * Rejects with what `list` rejects with.
 */
export async function walk(
  driver: StorageDriver,
  path: string,
  startAfter: string,
): Promise<AsyncIterable<FileInfo>> {
  const first = await visits(driver, path);
  return iterate(driver, first, startAfter);
}

async function* iterate(
  driver: StorageDriver,
  first: FileInfo[],
  startAfter: string,
): AsyncIterable<FileInfo> {
  const stack = first;
  for (let info; (info = stack.pop()) !== undefined;) {
    if (!info.isDirectory) {
      if (info.path > startAfter) yield info;
    } else if (`${info.path}0` > startAfter) {
      // All that is below sorts before this: "0" follows "/".
      stack.push(...((await unlessGone(visits(driver, info.path))) ?? []));
    }
  }
}

/** What is in a directory, the first to visit last. */
async function visits(driver: StorageDriver, path: string): Promise<FileInfo[]> {
  const above = path === '/' ? '' : path;
  const infos: FileInfo[] = [];
  for (const name of await driver.list(path)) {
    const info = await unlessGone(driver.stat(`${above}/${name}`));
    if (info !== undefined) infos.push(info);
  }
  return infos.sort((one, other) => (sortKey(one) < sortKey(other) ? 1 : -1));
}

/** What is below a directory stands where its path and a slash would: /a-b comes before /a/b. */
function sortKey(info: FileInfo): string {
  return info.isDirectory ? `${info.path}/` : info.path;
}

async function unlessGone<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isError(error, 'PathNotFound') || isError(error, 'NotADirectory')) return undefined;
    throw error;
  }
}
