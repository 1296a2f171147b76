/**
 * The calls to the operating system, by descriptor.
 *
 * Node has no openat and the like; on Linux a name below /proc/self/fd is the same thing. What takes
 * no time is done at once; content is read, written and synced without holding up other calls.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';

const { constants } = fs;

/** Linux's own, of which Node does not tell. */
const O_PATH = 0o10_000_000;

/** Only a place to go on from, so permission to read it is not needed. */
export const PASSING = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
export const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Opening a fifo must not wait for its other end. */
const WITHOUT_WAITING = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
export const READING = constants.O_RDONLY | WITHOUT_WAITING;
export const WRITING = constants.O_WRONLY | WITHOUT_WAITING;
export const BOTH = constants.O_RDWR | WITHOUT_WAITING;
export const CREATING = constants.O_CREAT;
export const MAKING =
  constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export type Status = fs.BigIntStats;

/** The name in the directory with this descriptor, whatever its path is by now. */
export function at(directory: number, name: string): string {
  return `/proc/self/fd/${String(directory)}/${name}`;
}

export function openAt(directory: number, name: string, flags: number): number {
  return fs.openSync(at(directory, name), flags, 0o666);
}

/** No link is followed. */
export function statusAt(directory: number, name: string): Status {
  return fs.lstatSync(at(directory, name), { bigint: true });
}

export function statusOf(descriptor: number): Status {
  return fs.fstatSync(descriptor, { bigint: true });
}

export function isSameFile(one: Status, other: Status): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Iterates over what is in a directory, in no order. */
export function* entriesOf(directory: number): Iterable<fs.Dirent> {
  const opened = fs.opendirSync(at(directory, '.'));
  try {
    for (let entry; (entry = opened.readSync()) !== null;) yield entry;
  } finally {
    opened.closeSync();
  }
}

/** Closes what nobody reads or writes any more; there is nothing to be done about an error. */
export function closeQuietly(descriptor: number): void {
  try {
    fs.closeSync(descriptor);
  } catch {
    // It is closed all the same.
  }
}

const read = promisify(fs.read);
const write = promisify(fs.write);

/** Resolves to how many bytes came; 0 at the end of the file. */
export async function readAt(
  descriptor: number,
  buffer: Uint8Array,
  position: number,
): Promise<number> {
  const { bytesRead } = await read(descriptor, buffer, 0, buffer.length, position);
  return bytesRead;
}

/** Writes all of the content; after an error a part of it may be written. */
export async function writeAll(
  descriptor: number,
  content: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < content.length;) {
    const { bytesWritten } = await write(
      descriptor,
      content,
      done,
      content.length - done,
      position + done,
    );
    done += bytesWritten;
  }
}

/** What a change survives once it has returned. Replacing is atomic in all tiers. */
export const DURABILITIES = ['full', 'file', 'none'] as const;
export type Durability = (typeof DURABILITIES)[number];

const fsync = promisify(fs.fsync);

/** Syncs content. After an error it is lost, and syncing again would mean nothing. */
export async function syncContent(descriptor: number, durability: Durability): Promise<void> {
  if (durability !== 'none') await sync(descriptor);
}

/** Syncs the names in a directory. */
export async function syncEntries(directory: number, durability: Durability): Promise<void> {
  if (durability !== 'full') return;
  // It may be open for passing only, which cannot be synced.
  const opened = fs.openSync(at(directory, '.'), DIRECTORY);
  try {
    await sync(opened);
  } finally {
    closeQuietly(opened);
  }
}

async function sync(descriptor: number): Promise<void> {
  try {
    await fsync(descriptor);
  } catch (error) {
    // Some file systems in user space or on a network have no such thing.
    if (!isSystemError(error, 'EINVAL', 'ENOTSUP', 'ENOSYS')) throw error;
  }
}

/** Whether the operating system has refused something, with one of these names if any are given. */
export function isSystemError(error: unknown, ...names: string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return false;
  return names.length === 0 || names.includes(String(error.code));
}

/** Lets no other error pass than those of the operating system with these names, or any. */
export function quietly(step: () => void, ...names: string[]): void {
  try {
    step();
  } catch (error) {
    if (!isSystemError(error, ...names)) throw error;
  }
}
