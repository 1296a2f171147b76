/** A driver's process, as a host sees it: launched, attached, asked, and left alone. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Pair } from 'zeromq';
import { decode, encode, type Message } from '../storagedriver/wire/messages.js';
import type { WireMap } from '../storagedriver/wire/values.js';

const PROGRAM = fileURLToPath(new URL('../programs/inmemory.js', import.meta.url));
const HELLO: WireMap = { version: '0.1', features: [], max_chunk: 1 << 20 };

/** The host's end of a channel. */
class HostChannel {
  readonly #socket = new Pair({ linger: 0, receiveTimeout: 5000 });
  #id = 0;

  constructor(readonly endpoint: string) {}

  async bind(): Promise<void> {
    await this.#socket.bind(this.endpoint);
  }

  async receive(): Promise<Message> {
    return decode(await this.#socket.receive());
  }

  async send(message: Message): Promise<void> {
    await this.#socket.send(encode(message));
  }

  async call(method: string, params: WireMap, content: Uint8Array | null = null): Promise<WireMap> {
    this.#id += 1;
    await this.send({ kind: 'REQUEST', id: this.#id, method, params, content });
    const response = await this.receive();
    assert(response.kind === 'RESPONSE');
    return response.error ?? response.result ?? {};
  }

  close(): void {
    this.#socket.close();
  }
}

interface Host {
  readonly child: ChildProcess;
  readonly control: HostChannel;
  /** What it said to Hello. */
  readonly greeting: WireMap;
  readonly open: (number: number) => Promise<HostChannel>;
}

async function begin(context: TestContext, hello = HELLO): Promise<Host> {
  const directory = mkdtempSync(join(tmpdir(), 'sd-'));
  const channels: HostChannel[] = [];
  const bound = async (name: string): Promise<HostChannel> => {
    const channel = new HostChannel(`ipc://${directory}/${name}`);
    channels.push(channel);
    await channel.bind();
    return channel;
  };
  const control = await bound('c');
  const child = spawn(process.execPath, [PROGRAM, '{}'], {
    env: { ...process.env, STORAGEDRIVER_ENDPOINT: control.endpoint },
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  context.after(() => {
    child.kill('SIGKILL');
    for (const channel of channels) channel.close();
    rmSync(directory, { recursive: true, force: true });
  });
  child.stdin.write('{"token": "t"}\n');
  const attach = await control.receive();
  assert(attach.kind === 'ATTACH' && attach.token === 't' && attach.pid === child.pid);
  const greeting = await control.call('Hello', hello);
  return {
    child,
    control,
    greeting,
    open: async (number) => {
      const channel = await bound(String(number));
      const opened = await control.call('OpenChannel', {
        channel: number,
        endpoint: channel.endpoint,
      });
      assert.deepEqual(opened, {});
      assert.equal((await channel.receive()).kind, 'ATTACH');
      return channel;
    },
  };
}

async function exitOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}

test('it explains itself to people', () => {
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM], { encoding: 'utf8' });
  assert.equal(status, 64);
  assert.equal(stderr.trimEnd().split('\n').length, 2);
});

test('it answers calls and ends in order', async (context) => {
  const { child, control, open } = await begin(context);
  const worker = await open(1);
  const content = Buffer.alloc(100_000, 'x');
  const put = await worker.call('PutContent', { path: '/a', end: true }, content);
  assert.deepEqual(put, { written: content.length });
  assert.deepEqual(await control.call('Shutdown', {}), {});
  child.stdin?.end();
  assert.equal(await exitOf(child), 0);
});

test('it is gone when its host is, in the middle of a call', async (context) => {
  const { child, open } = await begin(context);
  const worker = await open(1);
  const params = { path: '/a' };
  await worker.send({ kind: 'REQUEST', id: 1, method: 'PutContent', params, content: null });
  child.stdin?.end();
  assert.notEqual(await exitOf(child), 1);
});

test('a breach of the protocol costs one channel', async (context) => {
  const { control, open } = await begin(context);
  const worker = await open(1);
  const refused = await worker.call('Hello', HELLO);
  assert.equal(refused.code, 'ProtocolError');
  const another = await open(2);
  assert.equal((await another.call('Stat', { path: '/' })).is_dir, true);
  assert.deepEqual(await control.call('Ping', {}), { workers: [] });
});

test('a cancelled put publishes nothing', async (context) => {
  const { open } = await begin(context);
  const worker = await open(1);
  const params = { path: '/a' };
  const content = Buffer.from('half');
  await worker.send({ kind: 'REQUEST', id: 7, method: 'PutContent', params, content });
  await worker.send({ kind: 'CANCEL', id: 7 });
  const response = await worker.receive();
  assert(response.kind === 'RESPONSE' && response.error?.code === 'Cancelled');
  assert.equal((await worker.call('Stat', { path: '/a' })).code, 'PathNotFound');
});

for (const [version, code] of [
  ['9.0', 'IncompatibleVersion'],
  ['none', 'ProtocolError'],
] as const) {
  test(`the version ${version} is refused`, async (context) => {
    const { child, greeting } = await begin(context, { ...HELLO, version });
    assert.equal(greeting.code, code);
    child.stdin?.end();
    assert.equal(await exitOf(child), 0);
  });
}
