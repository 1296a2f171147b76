/**
 * The protocol as one end of one channel sees it: a state machine without socket or clock.
 *
 * Messages go in; it says whether each is allowed, keeps the account of credit and counts, and gives
 * back what is to be acted on. It knows both sides, so that the vectors of both can be played to it.
 */
import { isError, protocolError, type StorageDriverError } from '../errors.js';
import { CALLS, checkMap, type Direction } from '../wire/calls.js';
import {
  CREDIT_STEP_DIVISOR,
  CREDIT_WINDOW_CHUNKS,
  MAX_CHUNK_BYTES,
  MAX_CREDIT_BYTES,
} from '../wire/limits.js';
import type { Credit, Message, Request, Response, Start } from '../wire/messages.js';
import { takes, type Role } from './roles.js';
import { TRANSITIONS, type Side, type State } from './states.js';
import { checkListing } from '../wire/listing.js';
import type { Wire, WireMap } from '../wire/values.js';

/** In which calls a driver sends these; of what a host sends, the state says as much. */
const FLOWS: Readonly<Partial<Record<Message['kind'], Direction>>> = {
  START: 'received',
  CHUNK: 'received',
  CREDIT: 'sent',
};

export interface Agreed {
  readonly maxChunk: number;
  readonly writeCredit: number;
}

export class Session {
  state: State = 'ATTACHING';
  /** Of the current call, or of the last one. */
  id = 0;
  method = '';
  /** How much content its sender may still send, as far as this end knows. */
  credit = 0;
  /** Content of the current call that has passed this end. */
  moved = 0;
  maxChunk: number;
  writeCredit: number;

  #direction: Direction = 'none';
  #ended = true;
  #offset = 0;
  /** Of the content, as START has told. */
  #size: unknown = null;
  #entries = 0;
  #lastEntry: Buffer = Buffer.alloc(0);
  #consumed = 0;
  #window = 0;

  constructor(
    readonly side: Side,
    public role: Role,
    agreed: Partial<Agreed> = {},
  ) {
    this.maxChunk = agreed.maxChunk ?? MAX_CHUNK_BYTES;
    this.writeCredit = agreed.writeCredit ?? MAX_CHUNK_BYTES * CREDIT_WINDOW_CHUNKS;
  }

  /** How much content may go into the next message. */
  get sendable(): number {
    return Math.min(this.credit, this.maxChunk);
  }

  /** Accounts for a message that this end is about to send. Throws ProtocolError if it may not. */
  send(message: Message): void {
    this.#step(this.side, message);
  }

  /**
   * Accounts for a message that has come. Returns it if it is to be acted on: with a checked map,
   * all keys that the call must have, of the right types.
   *
   * @throws StorageDriverError ProtocolError if the peer may not send it; the state is then CLOSED.
   */
  receive(message: Message): Message | undefined {
    const was = this.state;
    const peer = this.side === 'host' ? 'driver' : 'host';
    // What is not allowed now is refused as that, whatever it says.
    const checked = message.kind in TRANSITIONS[was][peer] ? this.#checked(message) : message;
    this.#step(peer, checked);
    const { kind } = checked;
    if (was === 'IDLE' && kind !== 'REQUEST' && kind !== 'CLOSE') return undefined;
    if (was === 'CANCELLING' && kind !== 'RESPONSE' && kind !== 'CLOSE') return undefined;
    return checked;
  }

  /** Says that received content has been used up. Returns the CREDIT to send, if one is due. */
  consume(bytes: number): Credit | undefined {
    this.#consumed += bytes;
    if (this.#consumed * CREDIT_STEP_DIVISOR < Math.max(1, this.#window)) return undefined;
    if (!['OPENING', 'RECEIVING', 'SENDING'].includes(this.state)) return undefined;
    const grant = { kind: 'CREDIT', id: this.id, bytes: this.#consumed } as const;
    this.#consumed = 0;
    return grant;
  }

  /** Closes the channel for what its peer did, and returns the error to throw. */
  breach(detail: string): StorageDriverError {
    this.state = 'CLOSED';
    return protocolError(detail);
  }

  #checked(message: Message): Message {
    try {
      if (message.kind === 'REQUEST') {
        // An unknown method may be asked for; answering it is the driver's business.
        if (!CALLS.has(message.method)) return message;
        return { ...message, params: checkMap(message.method, 'params', message.params) };
      }
      if (message.kind === 'RESPONSE' && message.error === null) {
        return { ...message, result: checkMap(this.method, 'result', message.result ?? {}) };
      }
      if (message.kind === 'START') {
        return { ...message, info: checkMap(this.method, 'info', message.info) };
      }
    } catch (error) {
      if (message.kind === 'REQUEST') this.id = message.id;
      if (isError(error)) throw this.breach(error.fields.detail ?? error.message);
      throw error;
    }
    return message;
  }

  #step(sender: Side, message: Message): void {
    const following = TRANSITIONS[this.state][sender][message.kind];
    if (following === undefined) {
      throw this.breach(`${message.kind} is not allowed in state ${this.state}`);
    }
    if (sender === 'driver' && (FLOWS[message.kind] ?? this.#direction) !== this.#direction) {
      throw this.breach(`${message.kind} has no place in ${this.method.slice(0, 40)}`);
    }
    if (message.kind === 'REQUEST') {
      this.state = this.#begin(message);
      return;
    }
    if ('id' in message && message.id !== this.id) {
      throw this.breach(`${message.kind} for call ${String(message.id)} in ${String(this.id)}`);
    }
    if (message.kind === 'RESPONSE') this.#finish(message);
    else if (message.kind === 'START') this.#start(message);
    else if (this.state !== 'IDLE') this.#pass(message);
    this.state = following;
  }

  #begin(message: Request): State {
    const { id, method, params } = message;
    if (id === this.id) throw this.breach(`REQUEST repeats the id ${String(id)}`);
    // Before anything else is looked at: a refusal of the rest carries it.
    this.id = id;
    if (!takes(this.role, method)) {
      throw this.breach(`${method.slice(0, 40)} is no call for this channel`);
    }
    const call = CALLS.get(method);
    this.method = method;
    this.credit = this.moved = this.#consumed = this.#entries = 0;
    this.#ended = true;
    this.#size = null;
    this.#direction = call?.direction ?? 'none';
    // Of a later version, and it may send content: it is answered, whatever it has.
    if (call === undefined) return 'WAITING';
    if (call.direction !== 'sent' && message.content !== null) {
      throw this.breach(`${method} takes no content`);
    }
    if (call.direction === 'none') return 'WAITING';
    this.#offset = numberIn(params, 'offset');
    if (call.direction === 'received') {
      this.credit = this.#window = numberIn(params, 'credit');
      return 'OPENING';
    }
    this.credit = this.#window = this.writeCredit;
    if (message.content !== null) this.#move(message.content);
    this.#ended = params.end === true;
    return this.#ended ? 'WAITING' : 'SENDING';
  }

  #finish(message: Response): void {
    if (message.error !== null) {
      if (typeof message.error.code !== 'string') {
        throw this.breach('an error must have a code, which is a text');
      }
      return;
    }
    if (message.content !== null) {
      if (this.#direction !== 'received') throw this.breach(`${this.method} gives no content`);
      this.#move(message.content);
    }
    if (!this.#ended) throw this.breach(`${this.method} succeeded before its END`);
    const result = message.result ?? {};
    this.#checkCount(result);
    if (this.method === 'Hello') this.#adopt(result);
  }

  #checkCount(result: WireMap): void {
    const call = CALLS.get(this.method);
    if (call === undefined) throw this.breach(`nothing is known of ${this.method.slice(0, 40)}`);
    if (call.entry.length > 0 && this.side === 'host' && result.count !== this.#entries) {
      throw this.breach(`${this.method} counts other entries than the ones that came`);
    }
    if (call.countKey === undefined) return;
    const counted = numberIn(result, call.countKey);
    if (this.#size !== null && this.#size !== counted) {
      throw this.breach(`${this.method} has another size in its result than in its START`);
    }
    const from = this.#direction === 'received' || call.countsFromOffset ? this.#offset : 0;
    const expected = this.#direction === 'received' ? Math.max(0, counted - from) : counted - from;
    if (expected !== this.moved) {
      throw this.breach(
        `the result of ${this.method} speaks of ${String(expected)} bytes,` +
          ` and ${String(this.moved)} have passed`,
      );
    }
  }

  /** Takes over what Hello has agreed on. */
  #adopt(result: WireMap): void {
    const maxChunk = numberIn(result, 'max_chunk');
    const writeCredit = numberIn(result, 'write_credit');
    if (maxChunk > writeCredit) throw this.breach('write_credit is less than max_chunk');
    this.maxChunk = Math.min(this.maxChunk, maxChunk);
    this.writeCredit = writeCredit;
    this.role = numberIn(result, 'max_channels') === 0 ? 'only' : 'control';
  }

  #start(message: Start): void {
    this.#size = message.info.size ?? null;
  }

  #pass(message: Message): void {
    if (message.kind === 'CREDIT') {
      // Not of the sum, which is rounded beyond that.
      if (message.bytes > MAX_CREDIT_BYTES - this.credit) throw this.breach('credit beyond 2^53');
      this.credit += message.bytes;
    } else if (message.kind === 'CHUNK') {
      this.#move(message.content);
      // Found out here, as a peer that sends for ever never comes to its count.
      if (typeof this.#size === 'number' && this.#offset + this.moved > this.#size) {
        throw this.breach(`${this.method} sends more than the size of its START`);
      }
    } else if (message.kind === 'END') {
      if (message.content !== null) this.#move(message.content);
      this.#ended = true;
    }
  }

  #move(content: Uint8Array): void {
    const bytes = content.length;
    if (bytes > this.maxChunk) {
      throw this.breach(`${String(bytes)} bytes in one message, at most ${String(this.maxChunk)}`);
    }
    if (bytes > this.credit) {
      throw this.breach(`${String(bytes)} bytes sent with a credit of ${String(this.credit)}`);
    }
    this.credit -= bytes;
    this.moved += bytes;
    // A driver need not decode what it has just encoded.
    if (this.side === 'host' && (CALLS.get(this.method)?.entry.length ?? 0) > 0) {
      try {
        this.#takeEntries(checkListing(this.method, content));
      } catch (error) {
        throw isError(error) ? this.breach(error.fields.detail ?? error.message) : error;
      }
    }
  }

  #takeEntries(entries: Wire[][]): void {
    for (const [first, second] of entries) {
      // Of an upload the path comes before the id; nothing sorts before the zero between them.
      const names = (this.method === 'ListUploads' ? [second, first] : [first]) as string[];
      const key = Buffer.from(names.join('\0'));
      if (this.#entries > 0 && key.compare(this.#lastEntry) <= 0) {
        throw this.breach(`${this.method} is out of order`);
      }
      this.#lastEntry = key;
      this.#entries += 1;
    }
  }
}

function numberIn(map: WireMap, name: string): number {
  const value = map[name];
  // No object is as large as what is rounded here: beyond the end is beyond the end.
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}
