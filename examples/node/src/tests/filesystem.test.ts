/** What the filesystem driver keeps to beyond the conformance suite: its root, and its leftovers. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FilesystemDriver } from '../drivers/filesystem/driver.js';
import { isError, type Code, type ContentReader } from '../storagedriver/index.js';

function begin(context: TestContext): { root: string; driver: FilesystemDriver } {
  const root = fs.mkdtempSync(join(tmpdir(), 'storagedriver-'));
  context.after(() => {
    fs.rmSync(root, { recursive: true });
  });
  return { root, driver: FilesystemDriver.fromParameters({ rootdirectory: root }) };
}

function content(...texts: string[]): ContentReader {
  return {
    next: () => Promise.resolve(texts.length > 0 ? Buffer.from(texts.shift() ?? '') : null),
  };
}

/** A reader whose host goes away after the first piece. */
function interrupted(text: string): ContentReader {
  const whole = content(text);
  let isFirst = true;
  return {
    next: () => {
      if (!isFirst) return Promise.reject(new Error('gone'));
      isFirst = false;
      return whole.next();
    },
  };
}

const failsWith = (code: Code) => (error: unknown) => isError(error, code);

async function textOf(driver: FilesystemDriver, path: string): Promise<string> {
  const stream = await driver.read(path, 0);
  const piece = await stream.read(1000);
  await stream.close();
  return Buffer.from(piece).toString();
}

test('a link leads nowhere', async (context) => {
  const { root, driver } = begin(context);
  fs.symlinkSync('/etc', join(root, 'link'));
  fs.symlinkSync('/etc/hostname', join(root, 'file'));
  await assert.rejects(driver.read('/link/hostname', 0), failsWith('PermissionDenied'));
  await assert.rejects(driver.read('/file', 0), failsWith('PermissionDenied'));
  await assert.rejects(driver.put('/link/new', content('x')), failsWith('PermissionDenied'));
  await assert.rejects(driver.write('/file', 0, content('x')), failsWith('PermissionDenied'));
  assert.deepEqual(await driver.list('/'), []);
});

test('dots lead nowhere', async (context) => {
  const { driver } = begin(context);
  await assert.rejects(driver.read('/../etc/hostname', 0), failsWith('InvalidPath'));
  await assert.rejects(driver.put('/a/../../b', content('x')), failsWith('InvalidPath'));
});

test('a put that is interrupted leaves the old content and nothing else', async (context) => {
  const { root, driver } = begin(context);
  await driver.put('/a', content('old'));
  await assert.rejects(driver.put('/a', interrupted('new')), /gone/);
  await assert.rejects(driver.put('/b/c', interrupted('new')), /gone/);
  assert.equal(await textOf(driver, '/a'), 'old');
  assert.deepEqual(fs.readdirSync(root), ['.node-staging~', 'a']);
  assert.deepEqual(fs.readdirSync(join(root, '.node-staging~')), []);
});

test('a write in place keeps what was stored', async (context) => {
  const { driver } = begin(context);
  await driver.put('/a', content('0123456789'));
  await assert.rejects(driver.write('/a', 4, interrupted('xy')), /gone/);
  assert.equal(await textOf(driver, '/a'), '0123xy');
});

test('a stream of an object that is cut does not end early', async (context) => {
  const { root, driver } = begin(context);
  await driver.put('/a', content('0123456789'));
  const stream = await driver.read('/a', 0);
  await stream.read(4);
  fs.truncateSync(join(root, 'a'), 4);
  await assert.rejects(stream.read(4), failsWith('ContentChanged'));
  await stream.close();
});

test('an upload goes on in another driver', async (context) => {
  const { root, driver } = begin(context);
  const upload = await driver.openUpload('/a', null);
  await upload.write(Buffer.from('first, '));
  const other = FilesystemDriver.fromParameters({ rootdirectory: root });
  const resumed = await other.openUpload('/a', upload.uploadId);
  await resumed.write(Buffer.from('second'));
  await assert.rejects(upload.write(Buffer.from('stale')), failsWith('InvalidOffset'));
  await resumed.commit(13, null);
  assert.equal(await textOf(driver, '/a'), 'first, second');
  await assert.rejects(driver.openUpload('/a', upload.uploadId), failsWith('PathNotFound'));
});

test('what crashes have left is swept by age', (context) => {
  const { root } = begin(context);
  const staging = join(root, '.node-staging~');
  fs.mkdirSync(staging);
  for (const name of ['old~', 'young~']) fs.writeFileSync(join(staging, name), 'x');
  fs.utimesSync(join(staging, 'old~'), 0, 0);
  FilesystemDriver.fromParameters({ rootdirectory: root });
  assert.deepEqual(fs.readdirSync(staging), ['young~']);
});

test('wrong parameters are refused before anything is done', () => {
  for (const parameters of [{}, { rootdirectory: 'relative' }, { rootdirectory: '/tmp', x: 1 }]) {
    assert.throws(
      () => FilesystemDriver.fromParameters(parameters),
      failsWith('InvalidParameters'),
    );
  }
});
