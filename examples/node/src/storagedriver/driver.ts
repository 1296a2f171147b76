/** What a driver implements. What every operation does, the contract of the project says. */
import type { Time } from './wire/values.js';

export type { Time } from './wire/values.js';

/** What a driver can do beyond the minimum, as the protocol names it (14). */
export type Feature =
  | 'url-for'
  | 'walk'
  | 'uploads'
  | 'move-directories'
  | 'constant-memory'
  | 'flat-namespace'
  | 'volatile';

export interface FileInfo {
  readonly path: string;
  /** 0 for a directory. */
  readonly size: number;
  /** Null for a directory, and for nothing else. */
  readonly modTime: Time | null;
  readonly isDirectory: boolean;
}

/** An open read. It keeps to what it opened: the content never changes in the middle. */
export interface ReadStream {
  /** The size of the whole object when it was opened; null if the backend cannot say. */
  readonly size: number | null;
  /** At most 64 bytes that name this content; empty if the backend has no such name. */
  readonly version: Uint8Array;
  /** Resolves to 1 to `limit` bytes, which nobody changes afterwards; to none at the end. */
  read(limit: number): Promise<Uint8Array>;
  close(): void | Promise<void>;
}

/**
 * The content of a write, as it comes from the host.
 *
 * It rejects when the host cancels the call or is gone, and from then on always: let that error
 * pass, after tidying up. It never ends early.
 */
export interface ContentReader {
  /** Resolves to the next piece, which the driver may keep; to null at the end. */
  next(): Promise<Uint8Array | null>;
}

export interface UploadInfo {
  readonly uploadId: string;
  readonly path: string;
  readonly size: number;
  readonly time: Time;
}

/** An open hidden upload. Its methods are called one after another. */
export interface Upload {
  readonly uploadId: string;
  readonly path: string;
  /** Bytes stored, as far as this writer knows. */
  readonly size: number;
  /** Appends all of `content`. Rejects with InvalidOffset if something else is stored by now. */
  write(content: Uint8Array): Promise<void>;
  /** Publishes it atomically if what is stored has this size and digest. */
  commit(size: number, digest: string | null): Promise<void>;
  /** Drops it and its bytes. */
  cancel(): Promise<void>;
  /** Lets go of it, and keeps it. */
  close(): Promise<void>;
}

export interface UrlOptions {
  readonly method?: string;
  readonly expiry?: Time;
}

/**
 * A storage driver. Calls may overlap, and those of one path too.
 *
 * Paths have been checked by the host. Methods reject with a StorageDriverError; whatever else they
 * throw reaches the caller as `Internal`. Those that are optional are told by `features`.
 */
export interface StorageDriver {
  readonly features: readonly Feature[];
  read(path: string, offset: number): Promise<ReadStream>;
  /** Replaces the whole content, atomically, once all of it has come. */
  put(path: string, content: ContentReader): Promise<void>;
  /** Stores at `offset`; afterwards the content is `old[:offset]` and this. */
  write(path: string, offset: number, content: ContentReader): Promise<void>;
  stat(path: string): Promise<FileInfo>;
  /** The names that stand directly in the directory, in byte order. */
  list(path: string): Promise<readonly string[]>;
  /** All objects below `path` that sort behind `startAfter`, in byte order of the full path. */
  walk?(path: string, startAfter: string): Promise<AsyncIterable<FileInfo> | Iterable<FileInfo>>;
  move(source: string, destination: string): Promise<void>;
  delete(path: string): Promise<void>;
  urlFor?(path: string, options: UrlOptions): Promise<string>;
  /** Makes an upload, or opens the one that `uploadId` names. */
  openUpload?(path: string, uploadId: string | null): Promise<Upload>;
  /** The uploads to `prefix` and below, in byte order of path and then id. */
  uploads?(prefix: string): Promise<readonly UploadInfo[]>;
  close?(): Promise<void>;
}

/** Makes a driver of the parameters that the host has sent; may throw InvalidParameters. */
export type DriverFactory = (
  parameters: Readonly<Record<string, unknown>>,
) => StorageDriver | Promise<StorageDriver>;
