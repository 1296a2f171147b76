/** Reading an object of the filesystem driver. */
import {
  contentChanged,
  isADirectory,
  pathNotFound,
  type ReadStream,
} from '../../storagedriver/index.js';
import { contractError, inTheWay } from './errors.js';
import { Chain } from './chain.js';
import { READING, closeQuietly, openAt, readAt, statusOf, type Status } from './system.js';
import { holdsObjectIn } from './visible.js';

/** Opens an object. Throws of the contract. */
export function openObject(root: number, path: string, offset: number): ReadStream {
  const chain = new Chain(root, path);
  let descriptor = -1;
  try {
    if (!chain.find()) throw pathNotFound(path);
    descriptor = openAt(chain.parent, chain.leaf, READING);
    const status = statusOf(descriptor);
    if (status.isFile()) return new ObjectReadStream(descriptor, status, path, offset);
    if (!status.isDirectory()) throw inTheWay(path);
    throw holdsObjectIn(chain.parent, chain.leaf) ? isADirectory(path) : pathNotFound(path);
  } catch (error) {
    if (descriptor >= 0) closeQuietly(descriptor);
    throw contractError(error, path);
  } finally {
    chain.close();
  }
}

/** Reads an open file, which it owns, from `offset` to the size that it had when opened. */
class ObjectReadStream implements ReadStream {
  readonly size: number;
  readonly version: Uint8Array;
  #position: number;

  constructor(
    private readonly descriptor: number,
    status: Status,
    private readonly path: string,
    offset: number,
  ) {
    this.size = Number(status.size);
    this.version = versionOf(status);
    this.#position = offset;
  }

  async read(limit: number): Promise<Uint8Array> {
    const wanted = Math.min(limit, this.size - this.#position);
    if (wanted <= 0) return new Uint8Array(0);
    // A new one each time: ZeroMQ sends it without a copy, some time later.
    const buffer = Buffer.allocUnsafe(wanted);
    let count: number;
    try {
      count = await readAt(this.descriptor, buffer, this.#position);
    } catch (error) {
      throw contractError(error, this.path);
    }
    if (count === 0) {
      throw contentChanged(
        this.path,
        `it ended at ${String(this.#position)} of ${String(this.size)}`,
      );
    }
    this.#position += count;
    return buffer.subarray(0, count);
  }

  close(): void {
    closeQuietly(this.descriptor);
  }
}

/**
 * What names the content of a file with this status.
 *
 * The time of the last change of the inode is among it, because that of the content is ours to set.
 */
function versionOf(status: Status): Uint8Array {
  const { dev, ino, mtimeNs, ctimeNs, size } = status;
  return new Uint8Array(BigInt64Array.of(dev, ino, mtimeNs, ctimeNs, size).buffer);
}
