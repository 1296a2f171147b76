/** One call of a channel while it runs: what the host says meanwhile, and what it is told. */
import { cancelled } from '../errors.js';
import type { Message, Request } from '../wire/messages.js';
import { ChannelLostError, type Channel } from './channel.js';

export class Call {
  readonly #pieces: Uint8Array[] = [];
  #isComplete: boolean;
  #stopped: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(
    readonly channel: Channel,
    readonly request: Request,
  ) {
    if (request.content !== null) this.#pieces.push(request.content);
    this.#isComplete = request.params.end === true;
  }

  /** Takes what the host says while the call runs. Never waits. */
  received(message: Message): void {
    switch (message.kind) {
      case 'CHUNK':
        this.#pieces.push(message.content);
        break;
      case 'END':
        if (message.content !== null) this.#pieces.push(message.content);
        this.#isComplete = true;
        break;
      case 'CANCEL':
        this.#stop(cancelled());
        break;
      default:
        break; // CREDIT is in the session's account already
    }
    this.#wake?.();
  }

  /** The channel is over: nobody waits for an answer any more. */
  hungUp(): void {
    this.#stop(new ChannelLostError());
    this.#wake?.();
  }

  /** Throws if the host has stopped the call. */
  checkStop(): void {
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  /** Resolves to the next piece of what is written, null at the end. */
  async nextPiece(): Promise<Uint8Array | null> {
    for (;;) {
      this.checkStop();
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        const credit = this.channel.session.consume(piece.length);
        if (credit !== undefined) await this.channel.send(credit);
        return piece;
      }
      if (this.#isComplete) return null;
      await this.#change();
    }
  }

  /** Resolves when `bytes` may be sent at once. */
  async room(bytes: number): Promise<void> {
    this.checkStop();
    while (this.channel.session.credit < bytes) {
      await this.#change();
      this.checkStop();
    }
  }

  #stop(reason: Error): void {
    // Once lost it is lost, also if it was cancelled before.
    if (this.#stopped === undefined || reason instanceof ChannelLostError) this.#stopped = reason;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = (): void => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
