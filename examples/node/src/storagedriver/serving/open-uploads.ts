/** The uploads that are open in this process, for the calls that name them by id (9.7). */
import type { StorageDriver, Upload } from '../driver.js';
import {
  StorageDriverError,
  asDriverError,
  invalidOffset,
  pathNotFound,
  unsupportedMethod,
} from '../errors.js';

class Open {
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly upload: Upload) {}

  /** Runs the step after all that came before: a writer is for one call at a time. */
  inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

export class OpenUploads {
  readonly #uploads = new Map<string, Open>();

  constructor(private readonly driver: StorageDriver) {}

  /** Opens an upload, in the place of whatever was open of it. */
  async open(path: string, uploadId: string | null): Promise<Upload> {
    if (this.driver.openUpload === undefined) throw unsupportedMethod('OpenUpload');
    const upload = await this.driver.openUpload(path, uploadId);
    const former = this.#uploads.get(upload.uploadId);
    this.#uploads.set(upload.uploadId, new Open(upload));
    await former?.inTurn(() => former.upload.close());
    return upload;
  }

  /** Refuses a write before its content is read. Throws as `write`. */
  check(uploadId: string, offset: number): void {
    checkOffset(this.#find(uploadId).upload, offset);
  }

  /** Appends what the host has for `offset`; resolves to the size afterwards. */
  async write(uploadId: string, offset: number, content: Uint8Array): Promise<number> {
    for (;;) {
      const open = this.#find(uploadId);
      const size = await open.inTurn(async () => {
        // While this waited another may have come into its place.
        if (this.#uploads.get(uploadId) !== open) return undefined;
        return append(open.upload, offset, content);
      });
      if (size !== undefined) return size;
    }
  }

  /** Publishes the upload, which is open no more then. */
  async commit(uploadId: string, size: number | null, digest: string | null): Promise<void> {
    await this.#end(uploadId, (upload) => upload.commit(size ?? upload.size, digest));
  }

  /** Drops the upload, which is open no more then. */
  async cancel(uploadId: string): Promise<void> {
    await this.#end(uploadId, (upload) => upload.cancel());
  }

  /** Lets go of the upload and keeps it. One that is not open is no error. */
  async closeOne(uploadId: string): Promise<void> {
    const open = this.#uploads.get(uploadId);
    await open?.inTurn(async () => {
      this.#forget(uploadId, open);
      await open.upload.close();
    });
  }

  /** Closes all. */
  async close(): Promise<void> {
    const results = await Promise.allSettled(
      [...this.#uploads.keys()].map((uploadId) => this.closeOne(uploadId)),
    );
    for (const result of results) {
      // Nobody waits for an answer; this is the log.
      if (result.status === 'rejected')
        console.error('an upload could not be closed', result.reason);
    }
  }

  async #end(uploadId: string, step: (upload: Upload) => Promise<void>): Promise<void> {
    const open = this.#find(uploadId);
    await open.inTurn(async () => {
      if (this.#uploads.get(uploadId) !== open) throw notOpen(uploadId);
      await step(open.upload);
      this.#forget(uploadId, open);
    });
  }

  #find(uploadId: string): Open {
    const open = this.#uploads.get(uploadId);
    if (open === undefined) throw notOpen(uploadId);
    return open;
  }

  #forget(uploadId: string, open: Open): void {
    if (this.#uploads.get(uploadId) === open) this.#uploads.delete(uploadId);
  }
}

function notOpen(uploadId: string): StorageDriverError {
  return pathNotFound(uploadId, 'no such upload is open');
}

function checkOffset(upload: Upload, offset: number): void {
  if (offset !== upload.size) throw invalidOffset(upload.path, offset, upload.size);
}

async function append(upload: Upload, offset: number, content: Uint8Array): Promise<number> {
  checkOffset(upload, offset);
  try {
    await upload.write(content);
  } catch (error) {
    const failure = asDriverError(error);
    failure.stored ??= upload.size;
    throw failure;
  }
  if (upload.size !== offset + content.length) {
    throw new StorageDriverError(
      'Internal',
      'the driver has stored another size than it was given',
    );
  }
  return upload.size;
}
