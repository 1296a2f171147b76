/** One worker channel: it answers calls one after another until the channel is over. */
import { StorageDriverError, asDriverError, isError } from '../errors.js';
import type { Message, Request, Response } from '../wire/messages.js';
import { errorToWire } from '../wire/errors.js';
import type { WireMap } from '../wire/values.js';
import { Call } from './call.js';
import { ChannelLostError, type Channel, type Listener } from './channel.js';
import { answer, type Served } from './methods.js';

export class Worker implements Listener {
  #call: Call | undefined;
  #busySince = 0;

  constructor(
    readonly number: number,
    private readonly channel: Channel,
    private readonly served: Served,
    private readonly onEnd: () => void,
  ) {}

  received(message: Message): void {
    if (message.kind === 'REQUEST') void this.#run(message);
    else this.#call?.received(message);
  }

  closed(): void {
    if (this.#call === undefined) this.onEnd();
    else this.#call.hungUp();
  }

  /** What Ping tells of this worker; undefined while it is idle. */
  report(): WireMap | undefined {
    if (this.#call === undefined) return undefined;
    const { session } = this.channel;
    return {
      channel: this.number,
      id: session.id,
      method: session.method,
      busy_ms: Math.floor(performance.now() - this.#busySince),
      moved_bytes: session.moved,
    };
  }

  async #run(request: Request): Promise<void> {
    const call = (this.#call = new Call(this.channel, request));
    this.#busySince = performance.now();
    const response = await this.#respond(call);
    this.#call = undefined;
    if (this.channel.isClosed) {
      this.onEnd();
      return;
    }
    try {
      if (response !== undefined) await this.channel.send(response);
    } catch (error) {
      this.#failedToSend(error);
    }
  }

  async #respond(call: Call): Promise<Response | undefined> {
    try {
      return await answer(this.served, call);
    } catch (error) {
      if (error instanceof ChannelLostError) return undefined;
      const { method, id, params } = call.request;
      return failure(id, withExactOffset(error, params), method, this.served.name);
    }
  }

  #failedToSend(error: unknown): void {
    if (error instanceof ChannelLostError) return;
    // The driver's answer breaks the protocol, so there is no way to go on here.
    console.error(error);
    if (isError(error)) void this.channel.refuse(error);
    else this.channel.close();
  }
}

/** Returns the response to a call that has failed; what is no error of the contract is logged. */
export function failure(id: number, error: unknown, method: string, name: string): Response {
  if (!isError(error)) console.error(`${method} failed:`, error);
  return {
    kind: 'RESPONSE',
    id,
    error: errorToWire(named(error, name)),
    result: null,
    content: null,
  };
}

/** Tells the host the offset that it asked for, which may be beyond the numbers of a driver. */
function withExactOffset(error: unknown, params: WireMap): unknown {
  const { offset } = params;
  if (!isError(error, 'InvalidOffset') || typeof offset !== 'bigint') return error;
  const { message, temporary, stored, cause } = error;
  const exact = new StorageDriverError(
    'InvalidOffset',
    message.replace(String(error.fields.offset), String(offset)),
    { ...error.fields, offset },
    { temporary, cause },
  );
  exact.stored = stored;
  return exact;
}

function named(error: unknown, name: string): StorageDriverError {
  const failure = asDriverError(error);
  failure.driver ||= name;
  return failure;
}
