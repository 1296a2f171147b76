/**
 * The driver that keeps objects as files below one directory.
 *
 * An object is a file, its path the path below the root; what others put there by the rules is an
 * object too. Why nothing outside the root is reached stands in `chain`, how contents get there
 * atomically in `staging`.
 */
import fs from 'node:fs';
import {
  isADirectory,
  partialFailure,
  pathNotFound,
  type ContentReader,
  type Feature,
  type FileInfo,
  type ReadStream,
  type StorageDriver,
  type Upload,
  type UploadInfo,
} from '../../storagedriver/index.js';
import { Chain, withChain } from './chain.js';
import { about, aboutLater, directoryError, notSynced } from './errors.js';
import { takeOver } from './files.js';
import { writeInPlace } from './in-place.js';
import { move } from './moving.js';
import { optionsOf, type Options } from './options.js';
import { openObject } from './reading.js';
import { removeTree } from './removal.js';
import { StagedFile, sweepStaging } from './staging.js';
import { DIRECTORY, at, closeQuietly, openAt, type Durability } from './system.js';
import { findUpload, listUploads, makeUpload, sweepUploads } from './upload-files.js';
import { FilesystemUpload } from './upload.js';
import { infoOf, shownNames } from './visible.js';
import { walk } from './walking.js';

export const FEATURES: readonly Feature[] = [
  'constant-memory',
  'move-directories',
  'uploads',
  'walk',
];

/** Any number of processes may use one root at once, and each may be killed at any moment. */
export class FilesystemDriver implements StorageDriver {
  readonly features = FEATURES;
  readonly #root: number;
  readonly #durability: Durability;

  /** Makes the root if it is missing, and removes what crashes have left there. */
  constructor(options: Options) {
    this.#durability = options.durability;
    this.#root = about(options.root, () => {
      fs.mkdirSync(options.root, { recursive: true });
      return fs.openSync(options.root, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    });
    sweepStaging(this.#root);
    sweepUploads(this.#root, options.uploadExpirySeconds);
  }

  /** Throws InvalidParameters, and of the contract about the root directory. */
  static fromParameters(parameters: Readonly<Record<string, unknown>>): FilesystemDriver {
    return new FilesystemDriver(optionsOf(parameters));
  }

  async read(path: string, offset: number): Promise<ReadStream> {
    return Promise.resolve(openObject(this.#root, path, offset));
  }

  async put(path: string, content: ContentReader): Promise<void> {
    // Before content is written for nothing; it is looked at again in the end.
    await withChain(this.#root, path, (chain) => {
      if (chain.look()?.isDirectory()) throw isADirectory(path);
    });
    const staged = about(path, () => new StagedFile(this.#root));
    try {
      await aboutLater(path, async () => {
        for (let piece; (piece = await content.next()) !== null;) await staged.write(piece);
        await staged.finish(this.#durability);
      });
      await withChain(this.#root, path, (chain) => this.#publish(staged, chain));
    } finally {
      staged.discard();
    }
  }

  async #publish(staged: StagedFile, chain: Chain): Promise<void> {
    const replaced = chain.look();
    if (replaced?.isDirectory()) throw isADirectory(chain.path);
    if (replaced !== undefined) await takeOver(staged.descriptor, replaced, this.#durability);
    chain.place((parent) => {
      staged.rename(parent, chain.leaf);
    });
    try {
      await chain.sync(this.#durability);
    } catch (error) {
      throw notSynced('PutContent', chain.path, error);
    }
  }

  async write(path: string, offset: number, content: ContentReader): Promise<void> {
    await writeInPlace(this.#root, this.#durability, path, offset, content);
  }

  async stat(path: string): Promise<FileInfo> {
    if (path === '/') return { path, size: 0, modTime: null, isDirectory: true };
    return withChain(this.#root, path, (chain) => {
      const status = chain.look();
      if (status === undefined) throw pathNotFound(path);
      return infoOf(path, status);
    });
  }

  async list(path: string): Promise<readonly string[]> {
    const directory = this.#openDirectory(path);
    try {
      const names = about(path, () => [...shownNames(directory)].sort());
      if (names.length === 0 && path !== '/') throw pathNotFound(path);
      return await Promise.resolve(names);
    } finally {
      closeQuietly(directory);
    }
  }

  async walk(path: string, startAfter: string): Promise<Iterable<FileInfo>> {
    // Throws if no object is there: before the listing, as it should be.
    await this.stat(path);
    return walk(this.#openDirectory(path), path, startAfter);
  }

  async move(source: string, destination: string): Promise<void> {
    await move(this.#root, this.#durability, source, destination);
  }

  async delete(path: string): Promise<void> {
    await withChain(this.#root, path, async (chain) => {
      const status = chain.look();
      if (status === undefined) throw pathNotFound(path);
      if (status.isDirectory()) {
        const failed = await removeTree(chain.parent, chain.leaf, path);
        if (failed.length > 0) throw partialFailure(failed);
      } else {
        fs.unlinkSync(at(chain.parent, chain.leaf));
      }
      chain.prune();
    });
  }

  async openUpload(path: string, uploadId: string | null): Promise<Upload> {
    const [id, descriptor] =
      uploadId === null
        ? await makeUpload(this.#root, path, this.#durability)
        : [uploadId, await aboutLater(path, () => findUpload(this.#root, path, uploadId))];
    return new FilesystemUpload(this.#root, this.#durability, id, path, descriptor);
  }

  async uploads(prefix: string): Promise<readonly UploadInfo[]> {
    return aboutLater(prefix, () => listUploads(this.#root, prefix));
  }

  #openDirectory(path: string): number {
    if (path === '/') return openAt(this.#root, '.', DIRECTORY);
    const chain = new Chain(this.#root, path);
    try {
      if (!chain.find()) throw pathNotFound(path);
      return openAt(chain.parent, chain.leaf, DIRECTORY);
    } catch (error) {
      throw directoryError(error, chain.parent, chain.leaf, path);
    } finally {
      chain.close();
    }
  }
}
