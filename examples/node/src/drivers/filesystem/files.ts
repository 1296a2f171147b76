/** What must not change when a file takes the place of another. */
import fs from 'node:fs';
import { syncContent, at, statusOf, type Durability, type Status } from './system.js';

/** Node sets times as floating point seconds, which are off by less than this. */
const TIME_ERROR_NANOSECONDS = 1000n;

/** A time for utimes that is not before the one of `status`. */
function timeNotBefore(status: Status): number {
  return Number(status.mtimeNs + TIME_ERROR_NANOSECONDS) / 1e9;
}

/** Keeps the time of an open file from going back behind that of `old`. */
export function keepTime(descriptor: number, old: Status): void {
  const own = statusOf(descriptor);
  if (own.mtimeNs < old.mtimeNs) fs.futimesSync(descriptor, Date.now() / 1000, timeNotBefore(old));
}

/** As `keepTime`, of a file that is not open. */
export function keepTimeAt(directory: number, name: string, own: Status, old: Status): void {
  if (own.mtimeNs >= old.mtimeNs) return;
  fs.lutimesSync(at(directory, name), Date.now() / 1000, timeNotBefore(old));
}

/** Lets an open file that replaces `old` have its permissions, and no earlier time. */
export async function takeOver(
  descriptor: number,
  old: Status,
  durability: Durability,
): Promise<void> {
  const own = statusOf(descriptor);
  if (own.mode === old.mode && own.mtimeNs >= old.mtimeNs) return;
  fs.fchmodSync(descriptor, Number(old.mode & 0o777n));
  keepTime(descriptor, old);
  await syncContent(descriptor, durability);
}
