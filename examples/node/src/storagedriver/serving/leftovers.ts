/** What a host that is gone has left of its own: the directory of its sockets. */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Removes the directory of an ipc endpoint, which the host made for this process alone. */
export function removeSocketsOf(endpoint: string): void {
  if (!endpoint.startsWith('ipc://')) return;
  const directory = dirname(endpoint.slice('ipc://'.length));
  try {
    for (const name of readdirSync(directory)) {
      const file = join(directory, name);
      if (/^[0-9]+$/.test(name) && lstatSync(file).isSocket()) unlinkSync(file);
    }
    rmdirSync(directory);
  } catch {
    // Whatever there is no socket of a channel stays, and the directory with it.
  }
}
