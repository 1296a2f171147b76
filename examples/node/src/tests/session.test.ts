/** The states, the credit and the counts of a channel, by the shared vectors. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError } from '../storagedriver/errors.js';
import { Session } from '../storagedriver/session/session.js';
import type { Side, State } from '../storagedriver/session/states.js';
import { decode, type Message } from '../storagedriver/wire/messages.js';
import { frames, load, type Bytes, type Vector } from './vectors.js';

interface Step {
  readonly send?: Bytes;
  readonly receive?: Bytes;
  readonly content?: Bytes;
  readonly ignored?: boolean;
}

interface Sequence extends Vector {
  readonly side: Side;
  readonly channel: 'control' | 'worker';
  readonly max_chunk: number;
  readonly write_credit: number;
  readonly steps: readonly Step[];
  readonly state: State;
}

function begin(vector: Sequence): Session {
  return new Session(vector.side, vector.channel === 'control' ? 'new' : 'worker', {
    maxChunk: vector.max_chunk,
    writeCredit: vector.write_credit,
  });
}

/** As a channel does: what is no message closes it as well. */
function decoded(session: Session, frames: Uint8Array[]): Message {
  try {
    return decode(frames);
  } catch (error) {
    throw session.breach(String(error));
  }
}

function play(session: Session, step: Step): void {
  if (step.send !== undefined) {
    session.send(decode(frames(step.send, step.content)));
  } else if (step.receive !== undefined) {
    const taken = session.receive(decoded(session, frames(step.receive, step.content)));
    assert.equal(taken === undefined, step.ignored === true);
  }
}

const sequences = load<{ accept: Sequence[]; reject: Sequence[] }>('sequences.json');

for (const vector of sequences.accept) {
  test(`sequence ${vector.name}`, () => {
    const session = begin(vector);
    for (const step of vector.steps) play(session, step);
    assert.equal(session.state, vector.state);
  });
}

for (const vector of sequences.reject) {
  test(`refused sequence ${vector.name}`, () => {
    const session = begin(vector);
    for (const step of vector.steps.slice(0, -1)) play(session, step);
    const last = vector.steps.at(-1);
    assert(last !== undefined);
    assert.throws(
      () => {
        play(session, last);
      },
      (error) => isError(error, 'ProtocolError'),
    );
    assert.equal(session.state, 'CLOSED');
  });
}
