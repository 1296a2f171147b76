/** The thread of the lifeline. It has an event loop of its own, which nothing else keeps busy. */
import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { removeSocketsOf } from './leftovers.js';

/** How often the parent is looked at, for the case that somebody else holds the other end. */
const PARENT_MILLISECONDS = 1000;

const { released, endpoint } = workerData as { released: Int32Array; endpoint: string };
const parent = process.ppid;
let hasEnded = false;

function end(): void {
  if (hasEnded) return;
  hasEnded = true;
  if (Atomics.load(released, 0) === 1) {
    parentPort?.postMessage('ended');
    return;
  }
  removeSocketsOf(endpoint);
  // In a thread process.exit ends that thread alone, and the main one may be anywhere. Nobody is
  // left to look at the status.
  process.kill(process.pid, 'SIGKILL');
}

try {
  const input = new Socket({ fd: 0, readable: true, writable: false });
  input.on('end', end);
  input.on('error', end);
  input.on('close', end);
  input.resume();
  parentPort?.postMessage('watching');
} catch {
  // No pipe, so nothing that could end.
  end();
}
setInterval(() => {
  if (process.ppid !== parent) end();
}, PARENT_MILLISECONDS);
