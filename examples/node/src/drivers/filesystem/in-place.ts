/** Writing an object in place, at an offset: readers see it grow, and what was stored stays. */
import fs from 'node:fs';
import { invalidOffset, isADirectory, type ContentReader } from '../../storagedriver/index.js';
import { withChain, type Chain } from './chain.js';
import { inTheWay } from './errors.js';
import { keepTime } from './files.js';
import {
  CREATING,
  WRITING,
  closeQuietly,
  openAt,
  statusOf,
  syncContent,
  writeAll,
  type Durability,
  type Status,
} from './system.js';

/** Writes as StorageDriver.write says. Rejects of the contract. */
export async function writeInPlace(
  root: number,
  durability: Durability,
  path: string,
  offset: number,
  content: ContentReader,
): Promise<void> {
  // Before anything is read for it, and with nothing changed, made or kept.
  await withChain(root, path, (chain) => {
    check(chain.look(), path, offset);
  });
  // Nothing is cut or made before some content has come, or all of none.
  const first = await content.next();
  await withChain(root, path, async (chain) => {
    const descriptor = open(chain, offset);
    try {
      const old = statusOf(descriptor);
      check(old, path, offset);
      if (old.size > offset) fs.ftruncateSync(descriptor, offset);
      let position = offset;
      for (let piece = first; piece !== null; piece = await content.next()) {
        await writeAll(descriptor, piece, position);
        position += piece.length;
      }
      keepTime(descriptor, old);
      await syncContent(descriptor, durability);
    } finally {
      closeQuietly(descriptor);
    }
    // The object may be new.
    if (offset === 0) await chain.sync(durability);
  });
}

function open(chain: Chain, offset: number): number {
  if (offset > 0) {
    check(chain.look(), chain.path, offset);
    return openAt(chain.parent, chain.leaf, WRITING);
  }
  return chain.place((parent) => openAt(parent, chain.leaf, WRITING | CREATING));
}

function check(status: Status | undefined, path: string, offset: number): void {
  if (status === undefined) {
    if (offset > 0) throw invalidOffset(path, offset, 0);
    return;
  }
  if (status.isDirectory()) throw isADirectory(path);
  if (!status.isFile()) throw inTheWay(path);
  if (offset > status.size) throw invalidOffset(path, offset, Number(status.size));
}
