/** The control channel: Hello, OpenChannel, Ping and Shutdown (10, 13). */
import type { DriverFactory } from '../driver.js';
import {
  StorageDriverError,
  incompatibleVersion,
  invalidParameters,
  isError,
  protocolError,
  tooManyChannels,
} from '../errors.js';
import { Session } from '../session/session.js';
import { CREDIT_WINDOW_CHUNKS, MAX_CHANNELS, MAX_CHUNK_BYTES } from '../wire/limits.js';
import type { Message, Request, Response } from '../wire/messages.js';
import type { WireMap } from '../wire/values.js';
import { VERSION, parseVersion } from '../wire/version.js';
import { Channel, type Listener } from './channel.js';
import type { Served } from './methods.js';
import { OpenUploads } from './open-uploads.js';
import { Worker, failure } from './worker.js';

export interface Settings {
  readonly factory: DriverFactory;
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly token: string;
  readonly endpoint: string;
  /** An orderly end begins: the host may close standard input. */
  readonly onEnding: () => void;
  /** All has been said. May be called again. */
  readonly onEnd: () => void;
  /** The control channel is lost in the middle. */
  readonly onLost: () => void;
}

/** Tells of a driver's features those that travel, and adds what this library does for all. */
export function toldFeatures(features: readonly string[]): string[] {
  return [...new Set([...features, 'ping', 'walk'])].sort();
}

export class Control implements Listener {
  readonly #channel: Channel;
  readonly #workers = new Map<number, Worker | undefined>();
  #served: Served | undefined;
  #isEnding = false;
  /** Requests are answered one after another, also by a factory that takes its time. */
  #answers: Promise<void> = Promise.resolve();

  constructor(private readonly settings: Settings) {
    this.#channel = new Channel(settings.endpoint, new Session('driver', 'new'));
  }

  /** Attaches and serves. */
  async run(): Promise<void> {
    if (!(await attach(this.#channel, this.settings.token))) {
      this.settings.onLost();
      return;
    }
    this.#channel.listen(this);
  }

  received(message: Message): void {
    if (message.kind !== 'REQUEST') return;
    this.#answers = this.#answers.then(() => this.#answer(message));
  }

  refusing(): void {
    this.#isEnding = true;
    this.settings.onEnding();
  }

  closed(isLost: boolean): void {
    if (isLost && !this.#isEnding) this.settings.onLost();
    else this.settings.onEnd();
  }

  async #answer(request: Request): Promise<void> {
    let response: Response;
    try {
      response = success(request, await this.#run(request));
    } catch (error) {
      response = failure(request.id, error, request.method, this.settings.name);
    }
    const isLast = request.method === 'Shutdown' || this.#served === undefined;
    if (isLast) {
      // Before it is sent: the host ends standard input as soon as it has the last answer.
      this.#isEnding = true;
      this.settings.onEnding();
    }
    await this.#channel.send(response).catch(() => undefined);
    if (isLast) this.settings.onEnd();
  }

  async #run(request: Request): Promise<WireMap> {
    switch (request.method) {
      case 'Hello':
        return this.#hello(request.params);
      case 'OpenChannel':
        this.#open(request.params);
        return {};
      case 'Ping':
        return { workers: this.#reports() };
      default:
        await this.#shutdown();
        return {};
    }
  }

  #reports(): WireMap[] {
    const reports = [...this.#workers.values()].map((worker) => worker?.report());
    return reports.filter((report) => report !== undefined);
  }

  async #hello(params: WireMap): Promise<WireMap> {
    const spoken = params.version as string;
    const host = parseVersion(spoken);
    if (host === undefined) throw protocolError(`${spoken.slice(0, 40)} is no version`);
    if (host.major !== parseVersion(VERSION)?.major) throw incompatibleVersion(spoken, VERSION);
    const maxChunk = Math.min(MAX_CHUNK_BYTES, Number(params.max_chunk));
    const { name } = this.settings;
    const driver = await this.#made();
    this.#served = { driver, name, uploads: new OpenUploads(driver) };
    return {
      version: VERSION,
      name,
      features: toldFeatures(driver.features),
      max_channels: MAX_CHANNELS,
      write_credit: maxChunk * CREDIT_WINDOW_CHUNKS,
      max_chunk: maxChunk,
    };
  }

  async #made(): Promise<Served['driver']> {
    try {
      return await this.settings.factory(this.settings.parameters);
    } catch (error) {
      if (isError(error, 'InvalidParameters') && error.fields.name === '') {
        const { parameter = '', reason = '' } = error.fields;
        throw invalidParameters(parameter, reason, this.settings.name);
      }
      throw error;
    }
  }

  #open(params: WireMap): void {
    const number = Number(params.channel);
    const endpoint = params.endpoint as string;
    const served = this.#served;
    if (served === undefined) throw new StorageDriverError('Internal', 'Hello comes first');
    if (this.#workers.size >= MAX_CHANNELS) throw tooManyChannels(MAX_CHANNELS);
    const refused = (parameter: string, reason: string): StorageDriverError =>
      invalidParameters(parameter, reason, this.settings.name);
    if (this.#workers.has(number)) throw refused('channel', `${String(number)} is in use`);
    if (machineOf(endpoint) !== machineOf(this.settings.endpoint)) {
      // Whoever listens there would be shown the token.
      throw refused('endpoint', 'is not on the machine of the control channel');
    }
    const channel = this.#connected(endpoint, refused);
    this.#workers.set(number, undefined);
    void this.#work(number, channel, served);
  }

  #connected(endpoint: string, refused: (name: string, reason: string) => Error): Channel {
    const { maxChunk, writeCredit } = this.#channel.session;
    try {
      return new Channel(endpoint, new Session('driver', 'worker', { maxChunk, writeCredit }));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EMFILE') {
        const message = 'Too many open files';
        throw new StorageDriverError('Internal', message, {}, { temporary: true, cause: error });
      }
      throw refused('endpoint', error instanceof Error ? error.message : 'is none');
    }
  }

  async #work(number: number, channel: Channel, served: Served): Promise<void> {
    const worker = new Worker(number, channel, served, () => this.#workers.delete(number));
    if (!(await attach(channel, this.settings.token))) {
      this.#workers.delete(number);
      return;
    }
    this.#workers.set(number, worker);
    channel.listen(worker);
  }

  async #shutdown(): Promise<void> {
    await this.#served?.uploads.close();
    await this.#served?.driver.close?.();
  }
}

function success(request: Request, result: WireMap): Response {
  return { kind: 'RESPONSE', id: request.id, error: null, result, content: null };
}

/** Says who we are; resolves to whether somebody was there to hear it. */
async function attach(channel: Channel, token: string): Promise<boolean> {
  try {
    if (!(await channel.connected())) return false;
    await channel.send({ kind: 'ATTACH', token, version: VERSION, pid: process.pid });
    return true;
  } catch {
    return false;
  }
}

/** The transport of an endpoint, and of tcp the host. */
function machineOf(endpoint: string): string {
  return endpoint.startsWith('ipc://') ? 'ipc' : endpoint.slice(0, endpoint.lastIndexOf(':'));
}
