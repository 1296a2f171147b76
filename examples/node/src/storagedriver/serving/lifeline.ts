/** The driver's hold on life: standard input, which ends when the host is gone (1.2, 1.3). */
import { readSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** Parameters are configuration, not data. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** What the host says on standard input before anything else. */
export interface FirstLine {
  readonly token: string;
  /** Undefined if they stand in the argument list. */
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
}

/** Reads what the host says first. Throws an error whose text says what is wrong with it. */
export function readFirstLine(): FirstLine {
  const where = 'the first line of standard input';
  const first = parseObject(readLine(), where);
  const { token, parameters } = first;
  if (typeof token !== 'string') throw new Error(`${where} has no "token"`);
  if (parameters === undefined || parameters === null) return { token, parameters: undefined };
  if (!isObject(parameters)) throw new Error(`"parameters" in ${where} is no object`);
  return { token, parameters };
}

function readLine(): string {
  const parts: Buffer[] = [];
  let length = 0;
  for (;;) {
    const part = Buffer.allocUnsafe(65_536);
    const read = readSync(0, part);
    if (read === 0) throw new Error('standard input ended within the first line');
    parts.push(part.subarray(0, read));
    length += read;
    if (part[read - 1] === 0x0a) return Buffer.concat(parts, length).toString();
    if (length > MAX_LINE_BYTES) throw new Error('the first line of standard input is too long');
  }
}

/** Returns the JSON object that the text is. Throws an error that says where it stood. */
export function parseObject(text: string, where: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Its own text may show what stands there, which may be secret.
    throw new Error(`${where} is no JSON`);
  }
  if (!isObject(value)) throw new Error(`${where} is no JSON object`);
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Standard input, watched by a thread of its own.
 *
 * When it ends the thread ends the process at once, whatever the event loop is busy with, until
 * `release` has said that the end is in order.
 */
export class Lifeline {
  readonly #released = new Int32Array(new SharedArrayBuffer(4));
  readonly #ended: Promise<void>;
  /** Resolves when the thread has begun. It takes descriptors, so nothing is served before. */
  readonly watching: Promise<void>;

  constructor(endpoint: string) {
    const thread = new Worker(new URL('./lifeline-thread.js', import.meta.url), {
      workerData: { released: this.#released, endpoint },
      // Else it would give standard input of its own to the thread, and wait for ours.
      stdin: false,
    });
    const said = (what: string): Promise<void> =>
      new Promise((resolve) => {
        thread.on('message', (message) => {
          if (message === what) resolve();
        });
      });
    this.#ended = said('ended');
    this.watching = said('watching').then(() => {
      // Until then nothing else keeps the process alive; afterwards the sockets do.
      thread.unref();
    });
  }

  /** From now on the end of standard input is in order. */
  release(): void {
    Atomics.store(this.#released, 0, 1);
  }

  /** Resolves when standard input has ended, or after so many milliseconds. */
  async ended(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
    await Promise.race([this.#ended, late]);
    clearTimeout(timer);
  }
}
