/** How deep msgpack may be nested, whatever its containers and what stands between them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError } from '../storagedriver/errors.js';
import { checkNesting } from '../storagedriver/wire/nesting.js';
import { pack, unpack } from '../storagedriver/wire/pack.js';

const TOO_DEEP = /nested deeper than 2 levels/;

function check(...parts: (string | Uint8Array)[]): void {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part));
  checkNesting(Buffer.concat(bytes), 2);
}

for (const [name, head] of [
  ['fixarray', '91'],
  ['array 16', 'dc0001'],
  ['array 32', 'dd00000001'],
  ['fixmap', '8101'],
  ['map 16', 'de000101'],
  ['map 32', 'df0000000101'],
] as const) {
  test(`a level of ${name} is counted`, () => {
    check(head, head, '01');
    assert.throws(() => {
      check(head, head, '90');
    }, TOO_DEEP);
  });
}

test('what stands beside each other is not within each other', () => {
  check('93', '9101', '9101', '9101', '9101');
  check('94', '90', '80', '9101', '8101a161');
});

for (const [name, value] of [
  ['nil', 'c0'],
  ['a number of each length', 'cc91cd9191ce91919191cf9191919191919191'],
  ['a negative one of each length', 'd091d19191d291919191d39191919191919191'],
  ['a float of each length', 'ca91919191cb9191919191919191'],
  ['a fixstr', 'a3919191'],
  ['text of each length', 'd90191da00029191db00000003919191'],
  ['binary of each length', 'c40191c500029191c600000003919191'],
  ['an extension of each length', 'c7019191' + 'c800019191' + 'c9000000019191'],
  ['a short one', 'd49191' + 'd5919191' + 'd69191919191'],
  ['a long one', `d7${'91'.repeat(9)}d8${'91'.repeat(17)}`],
] as const) {
  test(`the bytes of ${name} are no containers`, () => {
    check(value, value, '9101');
    assert.throws(() => {
      check(value, '919191');
    }, TOO_DEEP);
  });
}

test('arrays that are declared cost nothing before they are refused', () => {
  // Each with a thousand items, of which the first is the next one.
  const header = Buffer.from('dc0400'.repeat(20_000), 'hex');
  assert.throws(
    () => unpack(header, 'a header'),
    (error) => isError(error, 'ProtocolError') && error.message.includes('nested deeper'),
  );
});

test('what is cut off is left to the decoder', () => {
  const whole = pack([1, { key: 'a text', list: [1.5, new Uint8Array(300)] }]);
  for (let length = 0; length < whole.length; length += 1) {
    checkNesting(whole.subarray(0, length), 3);
    assert.throws(
      () => unpack(whole.subarray(0, length), 'a header'),
      (error) => isError(error, 'ProtocolError'),
    );
  }
});
