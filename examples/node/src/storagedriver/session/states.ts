/** The states of a channel, and which message leads where (12). */
import type { Kind } from '../wire/messages.js';

export type Side = 'host' | 'driver';

export type State =
  'ATTACHING' | 'IDLE' | 'WAITING' | 'OPENING' | 'RECEIVING' | 'SENDING' | 'CANCELLING' | 'CLOSED';

type Row = Readonly<Partial<Record<Kind, State>>>;

/** By state and sender; what is not here is a protocol error. */
export const TRANSITIONS: Readonly<Record<State, Readonly<Record<Side, Row>>>> = {
  ATTACHING: { driver: { ATTACH: 'IDLE' }, host: { CLOSE: 'CLOSED' } },
  IDLE: {
    driver: {},
    // A REQUEST leads to another of the states of a call: its method says which. The rest has
    // crossed the RESPONSE.
    host: {
      REQUEST: 'WAITING',
      CREDIT: 'IDLE',
      CHUNK: 'IDLE',
      END: 'IDLE',
      CANCEL: 'IDLE',
      CLOSE: 'CLOSED',
    },
  },
  WAITING: {
    driver: { CREDIT: 'WAITING', RESPONSE: 'IDLE' },
    host: { CANCEL: 'CANCELLING', CLOSE: 'CLOSED' },
  },
  OPENING: {
    driver: { START: 'RECEIVING', RESPONSE: 'IDLE' },
    host: { CREDIT: 'OPENING', CANCEL: 'CANCELLING', CLOSE: 'CLOSED' },
  },
  RECEIVING: {
    driver: { CHUNK: 'RECEIVING', RESPONSE: 'IDLE' },
    host: { CREDIT: 'RECEIVING', CANCEL: 'CANCELLING', CLOSE: 'CLOSED' },
  },
  SENDING: {
    driver: { CREDIT: 'SENDING', RESPONSE: 'IDLE' },
    host: { CHUNK: 'SENDING', END: 'WAITING', CANCEL: 'CANCELLING', CLOSE: 'CLOSED' },
  },
  CANCELLING: {
    driver: { START: 'CANCELLING', CHUNK: 'CANCELLING', CREDIT: 'CANCELLING', RESPONSE: 'IDLE' },
    host: { CLOSE: 'CLOSED' },
  },
  CLOSED: { driver: {}, host: {} },
};
