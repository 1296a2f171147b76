/** The driver that keeps everything in this process's memory, and loses it with the process. */
import { randomBytes } from 'node:crypto';
import {
  checkKnown,
  invalidOffset,
  invalidPath,
  later,
  notADirectory,
  now,
  type ContentReader,
  type Feature,
  type FileInfo,
  type ReadStream,
  type StorageDriver,
  type Upload,
  type UploadInfo,
} from '../../storagedriver/index.js';
import { SegmentsReadStream, appended, cut, sizeOf, type Segments } from './segments.js';
import { Tree, infoOf, walk, type StoredObject } from './tree.js';
import { Uploads } from './uploads.js';

export const FEATURES: readonly Feature[] = ['move-directories', 'uploads', 'volatile', 'walk'];

/**
 * A tree of maps. Takes no parameters.
 *
 * A write stores what has come only at its end: after a failure the content is untouched. Changes of
 * the tree happen between two turns of the event loop, so nothing needs a lock.
 */
export class InMemoryDriver implements StorageDriver {
  readonly features = FEATURES;
  readonly #tree = new Tree();
  readonly #uploads = new Uploads((path, segments) => {
    this.#store(path, this.#tree.findReplaceable(path), segments);
  });
  /** A driver that was started again counts from the beginning: this tells the two apart. */
  readonly #nonce = randomBytes(8);
  #writes = 0n;

  constructor(parameters: Readonly<Record<string, unknown>>) {
    checkKnown(parameters, []);
  }

  async read(path: string, offset: number): Promise<ReadStream> {
    const { segments, version } = this.#tree.findObject(path);
    return Promise.resolve(new SegmentsReadStream(segments, offset, version));
  }

  async put(path: string, content: ContentReader): Promise<void> {
    const segments = await readAll(content);
    this.#store(path, this.#tree.findReplaceable(path), appended([], segments));
  }

  async write(path: string, offset: number, content: ContentReader): Promise<void> {
    this.#findWritable(path, offset);
    const segments = await readAll(content);
    const old = this.#findWritable(path, offset);
    this.#store(path, old, appended(cut(old?.segments ?? [], offset), segments));
  }

  async stat(path: string): Promise<FileInfo> {
    return Promise.resolve(infoOf(path, this.#tree.find(path)));
  }

  async list(path: string): Promise<readonly string[]> {
    return Promise.resolve([...this.#tree.findDirectory(path).keys()].sort());
  }

  async walk(path: string, startAfter: string): Promise<Iterable<FileInfo>> {
    // Here, so that its error comes before the listing.
    this.#tree.findDirectory(path);
    return Promise.resolve(walk(this.#tree, path, startAfter));
  }

  async move(source: string, destination: string): Promise<void> {
    let moved = this.#tree.find(source);
    if (source === destination) return Promise.resolve();
    if (moved instanceof Map) this.#checkDirectoryMove(source, destination);
    else {
      const replaced = this.#tree.findReplaceable(destination);
      // The time at a path never goes back, whatever comes to stand there.
      if (replaced) moved = { ...moved, modTime: later(moved.modTime, replaced.modTime) };
    }
    this.#tree.place(destination, moved);
    this.#tree.remove(source);
    return Promise.resolve();
  }

  async delete(path: string): Promise<void> {
    this.#tree.find(path);
    this.#tree.remove(path);
    return Promise.resolve();
  }

  async openUpload(path: string, uploadId: string | null): Promise<Upload> {
    return Promise.resolve(this.#uploads.open(path, uploadId));
  }

  async uploads(prefix: string): Promise<readonly UploadInfo[]> {
    return Promise.resolve(this.#uploads.below(prefix));
  }

  #findWritable(path: string, offset: number): StoredObject | undefined {
    const found = this.#tree.findReplaceable(path);
    const size = found === undefined ? 0 : sizeOf(found.segments);
    if (offset > size) throw invalidOffset(path, offset, size);
    return found;
  }

  #store(path: string, old: StoredObject | undefined, segments: Segments): void {
    const version = Buffer.alloc(16);
    this.#nonce.copy(version);
    version.writeBigUInt64BE((this.#writes += 1n), 8);
    const modTime = old === undefined ? now() : later(now(), old.modTime);
    this.#tree.place(path, { segments, modTime, version });
  }

  #checkDirectoryMove(source: string, destination: string): void {
    if (destination.startsWith(`${source}/`)) {
      throw invalidPath(destination, `lies inside ${source}, which is to move`);
    }
    if (this.#tree.findReplaceable(destination)) throw notADirectory(destination);
  }
}

async function readAll(content: ContentReader): Promise<Segments> {
  const segments: Uint8Array[] = [];
  for (let piece; (piece = await content.next()) !== null;) segments.push(piece);
  return segments;
}
