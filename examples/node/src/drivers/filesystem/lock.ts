/**
 * Locks between the processes of one machine.
 *
 * Node has no locks on files. A name in Linux's abstract namespace of sockets is one: only one
 * process can listen there, and the kernel takes it back when the process ends, however that is.
 */
import { createServer, type Server } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { throttled } from '../../storagedriver/index.js';
import { isSystemError } from './system.js';

/** Nobody holds a lock for longer than one write and its sync. */
const WAIT_MILLISECONDS = 30_000;
const RETRY_MILLISECONDS = 2;

/** Runs a step while nobody else holds the lock of this name. Rejects with Throttled, of `path`. */
export async function withLock<T>(name: string, path: string, step: () => Promise<T>): Promise<T> {
  const lock = await taken(name, path);
  try {
    return await step();
  } finally {
    lock.close();
  }
}

async function taken(name: string, path: string): Promise<Server> {
  const until = Date.now() + WAIT_MILLISECONDS;
  for (;;) {
    try {
      return await listening(name);
    } catch (error) {
      if (!isSystemError(error, 'EADDRINUSE')) throw error;
      if (Date.now() > until) throw throttled(path, 'another process holds it');
      await wait(RETRY_MILLISECONDS);
    }
  }
}

function listening(name: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Nobody has a reason to connect.
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(`\0storagedriver-node-${name}`, () => {
      resolve(server);
    });
  });
}
