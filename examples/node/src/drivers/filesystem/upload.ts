/** Hidden uploads of the filesystem driver: written, checked, and published by one rename. */
import fs from 'node:fs';
import {
  DigestCheck,
  StorageDriverError,
  checksumMismatch,
  invalidOffset,
  isADirectory,
  type Upload,
} from '../../storagedriver/index.js';
import { withChain, type Chain } from './chain.js';
import { contractError, notSynced } from './errors.js';
import { takeOver } from './files.js';
import { withLock } from './lock.js';
import { renameHere } from './staging.js';
import {
  at,
  closeQuietly,
  isSameFile,
  isSystemError,
  readAt,
  statusAt,
  statusOf,
  syncContent,
  writeAll,
  type Durability,
} from './system.js';
import { contentName, inUploads, noSuchUpload, removeUpload } from './upload-files.js';

const PIECE_BYTES = 1024 * 1024;

/**
 * One writer of an upload. Between its calls it holds a descriptor, and no lock.
 *
 * A write is not synced; commit and close are.
 */
export class FilesystemUpload implements Upload {
  size: number;

  constructor(
    private readonly root: number,
    private readonly durability: Durability,
    readonly uploadId: string,
    readonly path: string,
    /** Of the content. It is ours. */
    private readonly descriptor: number,
  ) {
    this.size = Number(statusOf(descriptor).size);
  }

  async write(content: Uint8Array): Promise<void> {
    await this.#held(async () => {
      const stored = this.#stored();
      if (stored !== this.size) throw invalidOffset(this.path, this.size, stored);
      try {
        await writeAll(this.descriptor, content, stored);
      } finally {
        // Also after a failure: what was stored of it stays.
        this.size = this.#stored();
      }
    });
  }

  async commit(size: number, digest: string | null): Promise<void> {
    const check = digest === null ? null : new DigestCheck(digest);
    await this.#held(() => {
      const stored = this.#stored();
      if (stored === size) return Promise.resolve();
      const reason = `the upload has ${String(stored)} bytes, and should have ${String(size)}`;
      throw checksumMismatch(this.path, reason);
    });
    // Not held: reading takes time, and what is there of an upload does not change.
    if (check !== null) await this.#checkDigest(check, size);
    await this.#sync();
    await withChain(this.root, this.path, async (chain) => {
      await this.#held((directory) => this.#publish(directory, chain, size));
      try {
        await chain.sync(this.durability);
      } catch (error) {
        throw notSynced('CommitUpload', this.path, error);
      }
    });
    closeQuietly(this.descriptor);
  }

  async cancel(): Promise<void> {
    await this.#held((directory) => {
      removeUpload(directory, this.uploadId);
      return Promise.resolve();
    });
    closeQuietly(this.descriptor);
  }

  async close(): Promise<void> {
    try {
      await this.#sync();
    } finally {
      closeQuietly(this.descriptor);
    }
  }

  #stored(): number {
    return Number(statusOf(this.descriptor).size);
  }

  /** Runs one step while nobody else, in whatever process, touches the upload. */
  async #held<T>(step: (directory: number) => Promise<T>): Promise<T> {
    const held = withLock(this.uploadId, this.path, () =>
      inUploads(this.root, (directory) => {
        const there = statusAt(directory, contentName(this.uploadId));
        // If it is no upload any more, it may be an object by now, and must not be touched.
        if (!isSameFile(there, statusOf(this.descriptor))) throw noSuchUpload(this.path);
        return step(directory);
      }),
    );
    try {
      return await held;
    } catch (error) {
      throw isSystemError(error, 'ENOENT')
        ? noSuchUpload(this.path)
        : contractError(error, this.path);
    }
  }

  async #publish(directory: number, chain: Chain, checked: number): Promise<void> {
    if (this.#stored() !== checked)
      throw checksumMismatch(this.path, 'it was written to meanwhile');
    // As a put would: its time is that of its coming, not of a write some days ago.
    const now = Date.now() / 1000;
    fs.futimesSync(this.descriptor, now, now);
    const replaced = chain.look();
    if (replaced?.isDirectory()) throw isADirectory(this.path);
    if (replaced !== undefined) await takeOver(this.descriptor, replaced, this.durability);
    chain.place((parent) => {
      renameHere(at(directory, contentName(this.uploadId)), at(parent, chain.leaf));
    });
    try {
      removeUpload(directory, this.uploadId);
    } catch {
      // From here on there is no upload. What cannot be removed is left to a sweep.
    }
  }

  async #checkDigest(check: DigestCheck, size: number): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(size, PIECE_BYTES));
    for (let position = 0; position < size;) {
      const wanted = buffer.subarray(0, size - position);
      const count = await readAt(this.descriptor, wanted, position);
      if (count === 0) throw checksumMismatch(this.path, 'somebody has cut the upload');
      check.update(wanted.subarray(0, count));
      position += count;
    }
    if (!check.matches()) throw checksumMismatch(this.path, 'the upload has another digest');
  }

  async #sync(): Promise<void> {
    try {
      await syncContent(this.descriptor, this.durability);
    } catch (error) {
      // Nobody can tell what is on the disk, and a second attempt would seem to succeed.
      await this.cancel().catch((failure: unknown) => {
        if (!(failure instanceof StorageDriverError)) throw failure;
      });
      throw contractError(error, this.path);
    }
  }
}
