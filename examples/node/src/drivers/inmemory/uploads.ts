/** Hidden uploads of the inmemory driver, which grow out of its tree. */
import { randomBytes } from 'node:crypto';
import {
  DigestCheck,
  checksumMismatch,
  invalidOffset,
  now,
  pathNotFound,
  type Time,
  type Upload,
  type UploadInfo,
} from '../../storagedriver/index.js';
import { appended, sizeOf, type Segments } from './segments.js';

interface Stored {
  readonly path: string;
  segments: Segments;
  size: number;
  time: Time;
}

/** Makes an object of a content. */
type Put = (path: string, segments: Segments) => void;

export class Uploads {
  readonly #stored = new Map<string, Stored>();

  constructor(private readonly put: Put) {}

  open(path: string, uploadId: string | null): Upload {
    const id = uploadId ?? randomBytes(16).toString('hex');
    if (uploadId === null) this.#stored.set(id, { path, segments: [], size: 0, time: now() });
    return new InMemoryUpload(this.#stored, this.put, id, path);
  }

  /** The uploads to `prefix` and below, in order of path and id. */
  below(prefix: string): UploadInfo[] {
    const start = prefix === '/' ? prefix : `${prefix}/`;
    const found: UploadInfo[] = [];
    for (const [uploadId, { path, size, time }] of this.#stored) {
      if (path === prefix || path.startsWith(start)) found.push({ uploadId, path, size, time });
    }
    const sortKey = (info: UploadInfo): string => `${info.path}\0${info.uploadId}`;
    return found.sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
  }
}

class InMemoryUpload implements Upload {
  size: number;

  constructor(
    private readonly stored: Map<string, Stored>,
    private readonly put: Put,
    readonly uploadId: string,
    readonly path: string,
  ) {
    this.size = this.#find().size;
  }

  async write(content: Uint8Array): Promise<void> {
    const found = this.#find();
    if (found.size !== this.size) throw invalidOffset(this.path, this.size, found.size);
    found.segments = appended(found.segments, [content]);
    found.size = this.size += content.length;
    found.time = now();
    return Promise.resolve();
  }

  async commit(size: number, digest: string | null): Promise<void> {
    const check = digest === null ? null : new DigestCheck(digest);
    const found = this.#find();
    const { segments } = found;
    if (found.size !== size) {
      const reason = `the upload has ${String(found.size)} bytes, and should have ${String(size)}`;
      throw checksumMismatch(this.path, reason);
    }
    if (check !== null) {
      for (const segment of segments) {
        check.update(segment);
        // Hashing takes time, and other calls are to go on.
        await new Promise(setImmediate);
      }
      if (!check.matches()) throw checksumMismatch(this.path, 'the upload has another digest');
      if (sizeOf(this.#find().segments) !== size) {
        throw checksumMismatch(this.path, 'it was written to meanwhile');
      }
    }
    this.put(this.path, segments);
    this.stored.delete(this.uploadId);
  }

  async cancel(): Promise<void> {
    this.#find();
    this.stored.delete(this.uploadId);
    return Promise.resolve();
  }

  async close(): Promise<void> {
    // Nothing is held for it.
  }

  #find(): Stored {
    const found = this.stored.get(this.uploadId);
    if (found?.path !== this.path) throw pathNotFound(this.path, 'no such upload');
    return found;
  }
}
