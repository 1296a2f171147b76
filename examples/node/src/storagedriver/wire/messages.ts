/** The messages of the protocol, and their frames (3). */
import { protocolError } from '../errors.js';
import { INLINE_CONTENT_BYTES, MAX_CREDIT_BYTES, MAX_HEADER_BYTES, MAX_ID } from './limits.js';
import { pack, unpack } from './pack.js';
import { integerWithin, isArray, isBinary, isMap, type Wire, type WireMap } from './values.js';

/** The kinds by their numbers. */
export const KINDS = [
  'REQUEST',
  'RESPONSE',
  'CHUNK',
  'CREDIT',
  'END',
  'CANCEL',
  'ATTACH',
  'START',
  'CLOSE',
] as const;

export type Kind = (typeof KINDS)[number];

export interface Request {
  readonly kind: 'REQUEST';
  readonly id: number;
  readonly method: string;
  readonly params: WireMap;
  readonly content: Uint8Array | null;
}
export interface Response {
  readonly kind: 'RESPONSE';
  readonly id: number;
  readonly error: WireMap | null;
  readonly result: WireMap | null;
  readonly content: Uint8Array | null;
}
export interface Chunk {
  readonly kind: 'CHUNK';
  readonly id: number;
  readonly content: Uint8Array;
}
export interface Credit {
  readonly kind: 'CREDIT';
  readonly id: number;
  readonly bytes: number;
}
export interface End {
  readonly kind: 'END';
  readonly id: number;
  readonly content: Uint8Array | null;
}
export interface Cancel {
  readonly kind: 'CANCEL';
  readonly id: number;
}
export interface Attach {
  readonly kind: 'ATTACH';
  readonly token: string;
  readonly version: string;
  readonly pid: number;
}
export interface Start {
  readonly kind: 'START';
  readonly id: number;
  readonly info: WireMap;
}
export interface Close {
  readonly kind: 'CLOSE';
}

export type Message = Request | Response | Chunk | Credit | End | Cancel | Attach | Start | Close;

/** Elements that a header must have, and the place of its content, by kind. */
const SHAPES: Readonly<Record<Kind, readonly [least: number, content: number | undefined]>> = {
  REQUEST: [4, 4],
  RESPONSE: [4, 4],
  CHUNK: [2, 2],
  CREDIT: [3, undefined],
  END: [2, 2],
  CANCEL: [2, undefined],
  ATTACH: [4, undefined],
  START: [3, undefined],
  CLOSE: [1, undefined],
};

/**
 * Returns the frames of a message. Content that is long stands in the second one as it is.
 *
 * @throws StorageDriverError ProtocolError if the header would be too long.
 */
export function encode(message: Message): Uint8Array[] {
  const elements = elementsOf(message);
  const content = 'content' in message ? message.content : null;
  const isLong = content !== null && content.length > INLINE_CONTENT_BYTES;
  if (content !== null && content.length > 0 && !isLong) elements.push(content);
  // An offset that somebody asked for may be beyond 2^53.
  const mayHoldBigInts =
    message.kind === 'REQUEST' || ('error' in message && message.error !== null);
  const header = pack(elements, mayHoldBigInts);
  if (header.length > MAX_HEADER_BYTES) {
    throw protocolError(`${message.kind} would have a header of ${String(header.length)} bytes`);
  }
  return isLong ? [header, content] : [header];
}

function elementsOf(message: Message): unknown[] {
  const kind = KINDS.indexOf(message.kind);
  switch (message.kind) {
    case 'REQUEST':
      return [kind, message.id, message.method, message.params];
    case 'RESPONSE':
      return [kind, message.id, message.error, message.result];
    case 'CREDIT':
      return [kind, message.id, message.bytes];
    case 'ATTACH':
      return [kind, message.token, message.version, message.pid];
    case 'START':
      return [kind, message.id, message.info];
    case 'CLOSE':
      return [kind];
    default:
      return [kind, message.id];
  }
}

/**
 * Returns the message of the frames that came.
 *
 * @throws StorageDriverError ProtocolError for anything that the specification does not allow, and
 * nothing else.
 */
export function decode(frames: readonly Uint8Array[]): Message {
  const [header, frame] = frames;
  if (header === undefined || frames.length > 2) {
    throw protocolError(`a message of ${String(frames.length)} frames`);
  }
  const elements = unpack(header, 'a header');
  if (!isArray(elements)) throw protocolError('a header must be an array');
  const number = integerWithin(elements[0], 0, KINDS.length - 1);
  const kind = number === undefined ? undefined : KINDS[number];
  if (kind === undefined) throw protocolError('a header must begin with the number of a kind');
  const [least, place] = SHAPES[kind];
  if (elements.length < least)
    throw protocolError(`${kind}[${String(elements.length)}] is missing`);
  return build(kind, elements, contentOf(kind, place, elements, frame));
}

function contentOf(
  kind: Kind,
  place: number | undefined,
  elements: readonly Wire[],
  frame: Uint8Array | undefined,
): Uint8Array | null {
  const second = frame === undefined || frame.length === 0 ? null : frame;
  if (place === undefined) {
    if (second !== null) throw protocolError(`${kind} has no content, but a second frame`);
    return null;
  }
  const inline = elements[place] ?? null;
  if (inline === null) return second;
  if (!isBinary(inline)) throw protocolError(`${kind}: content must be nil or binary`);
  if (inline.length === 0) return second;
  if (second !== null) throw protocolError(`${kind}: content in the header and in a second frame`);
  return inline;
}

function build(kind: Kind, elements: readonly Wire[], content: Uint8Array | null): Message {
  switch (kind) {
    case 'ATTACH': {
      const [, token, version] = elements;
      if (typeof token !== 'string') throw protocolError('ATTACH: token must be a text');
      if (typeof version !== 'string') throw protocolError('ATTACH: version must be a text');
      return { kind, token, version, pid: integer(kind, 'pid', elements[3], 0, MAX_ID) };
    }
    case 'CLOSE':
      return { kind };
    default:
      return buildOfCall(kind, integer(kind, 'id', elements[1], 0, MAX_ID), elements, content);
  }
}

function buildOfCall(
  kind: Exclude<Kind, 'ATTACH' | 'CLOSE'>,
  id: number,
  elements: readonly Wire[],
  content: Uint8Array | null,
): Message {
  const [, , second, third] = elements;
  switch (kind) {
    case 'REQUEST':
      if (typeof second !== 'string') throw protocolError('REQUEST: method must be a text');
      return { kind, id, method: second, params: map(kind, 'params', third), content };
    case 'RESPONSE': {
      const error = second === null ? null : map(kind, 'error', second);
      if (error !== null && content !== null) throw protocolError('an error has no content');
      return {
        kind,
        id,
        error,
        result: third === null ? null : map(kind, 'result', third),
        content,
      };
    }
    case 'CHUNK':
      if (content === null) throw protocolError('CHUNK: a chunk must have content');
      return { kind, id, content };
    case 'CREDIT':
      return { kind, id, bytes: integer(kind, 'bytes', second, 1, MAX_CREDIT_BYTES) };
    case 'START':
      return { kind, id, info: map(kind, 'info', second) };
    case 'END':
      return { kind, id, content };
    case 'CANCEL':
      return { kind, id };
  }
}

function map(kind: Kind, name: string, value: Wire | undefined): WireMap {
  if (!isMap(value)) throw protocolError(`${kind}: ${name} must be a map`);
  return value;
}

function integer(
  kind: Kind,
  name: string,
  value: Wire | undefined,
  least: number,
  most: number,
): number {
  const found = integerWithin(value, least, most);
  if (found === undefined) {
    throw protocolError(
      `${kind}: ${name} must be an integer from ${String(least)} to ${String(most)}`,
    );
  }
  return found;
}
