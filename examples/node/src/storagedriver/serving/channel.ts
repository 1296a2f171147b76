/**
 * One channel to the host: a PAIR socket, one queue for all that is sent, and one loop that takes
 * what comes. Neither waits for the other, so CREDIT and CANCEL are heard while a send is stuck.
 */
import { Pair } from 'zeromq';
import { isError, type StorageDriverError } from '../errors.js';
import type { Session } from '../session/session.js';
import { errorToWire } from '../wire/errors.js';
import { HIGH_WATER_MARK, MAX_HEADER_BYTES } from '../wire/limits.js';
import { decode, encode, type Message } from '../wire/messages.js';

/** The host is on the same machine and waits: after this long it is not there. */
const CONNECT_MILLISECONDS = 5000;

/** How long a last word may take to be sent. */
const LINGER_MILLISECONDS = 1000;

/** The channel is lost or closed: there is nobody to answer. */
export class ChannelLostError extends Error {
  constructor() {
    super('the channel is closed');
    this.name = 'ChannelLostError';
  }
}

/** What a channel tells whoever serves it. Both are called by the loop and must not wait. */
export interface Listener {
  /** A message that is to be acted on. */
  received(message: Message): void;
  /** The host broke the protocol, and is about to be told. */
  refusing?(): void;
  /** The channel is over: lost, or closed by either side. Called once. */
  closed(isLost: boolean): void;
}

export class Channel {
  /** Whether the channel is over. */
  isClosed = false;

  readonly #socket: Pair;
  readonly #connected: Promise<boolean>;
  #listener: Listener | undefined;
  #sends: Promise<void> = Promise.resolve();

  /** Begins to connect. Throws what ZeroMQ throws of an endpoint that is none. */
  constructor(
    endpoint: string,
    readonly session: Session,
  ) {
    this.#socket = new Pair({
      reconnectInterval: -1,
      sendHighWaterMark: HIGH_WATER_MARK,
      receiveHighWaterMark: HIGH_WATER_MARK,
      maxMessageSize: Math.max(MAX_HEADER_BYTES, session.maxChunk),
      linger: LINGER_MILLISECONDS,
    });
    try {
      // Made here, as it takes descriptors, of which there may be none left.
      this.#connected = this.#watch(this.#socket.events);
      this.#socket.connect(endpoint);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Resolves when the peer is there; to false if it is not in time. */
  connected(): Promise<boolean> {
    return this.#connected;
  }

  /** Begins to receive. To be called once. */
  listen(listener: Listener): void {
    this.#listener = listener;
    void this.#receive(listener);
  }

  /**
   * Sends a message behind all others; resolves when there was room for it.
   *
   * Rejects with ChannelLostError, or with what the session has against the message.
   */
  async send(message: Message): Promise<void> {
    // Also while the host is told what it did: the call that runs has nobody to answer.
    if (this.session.state === 'CLOSED') throw new ChannelLostError();
    // First, as what cannot be encoded has not been sent. Nothing is waited for on the way here, so
    // messages go in the order of the calls.
    const frames = encode(message);
    this.session.send(message);
    await this.#queue(frames);
  }

  /** Tells a host that it broke the protocol, if it listens, and closes. */
  async refuse(error: StorageDriverError): Promise<void> {
    const response = errorToWire(error);
    this.session.state = 'CLOSED';
    this.#listener?.refusing?.();
    const { id } = this.session;
    const frames = encode({ kind: 'RESPONSE', id, error: response, result: null, content: null });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, LINGER_MILLISECONDS)));
    // It may never read; then the word is lost.
    await Promise.race([this.#queue(frames).catch(() => undefined), late]);
    clearTimeout(timer);
    this.close();
  }

  /** Closes it. What was sent may still arrive. Twice is no error. */
  close(isLost = false): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.session.state = 'CLOSED';
    // Nobody is there to take what is queued.
    if (isLost) this.#socket.linger = 0;
    this.#socket.close();
    this.#listener?.closed(isLost);
  }

  #queue(frames: Uint8Array[]): Promise<void> {
    const sent = this.#sends.then(async () => {
      if (this.isClosed) throw new ChannelLostError();
      try {
        await this.#socket.send(frames);
      } catch {
        throw new ChannelLostError();
      }
    });
    // The next one goes on whatever became of this one, which its sender hears of.
    this.#sends = sent.catch(() => undefined);
    return sent;
  }

  async #receive(listener: Listener): Promise<void> {
    try {
      for await (const frames of this.#socket) {
        const message = this.session.receive(decode(frames));
        if (message === undefined) continue;
        if (message.kind === 'CLOSE') break;
        listener.received(message);
      }
    } catch (error) {
      if (isError(error, 'ProtocolError')) {
        await this.refuse(error);
        return;
      }
    }
    this.close();
  }

  /** Follows the monitor: a PAIR socket does not say that its peer has gone. */
  #watch(events: Pair['events']): Promise<boolean> {
    return new Promise((resolve) => {
      const give = (isThere: boolean): void => {
        clearTimeout(timer);
        resolve(isThere);
      };
      const lost = (): void => {
        give(false);
        this.close(true);
      };
      const timer = setTimeout(lost, CONNECT_MILLISECONDS);
      events.on('handshake', () => {
        give(true);
      });
      for (const name of [
        'disconnect',
        'close',
        'connect:retry',
        'handshake:error:protocol',
        'handshake:error:auth',
        'handshake:error:other',
      ] as const) {
        events.on(name, lost);
      }
      events.on('end', () => {
        give(false);
      });
    });
  }
}
