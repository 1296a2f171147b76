/**
 * How deep containers are nested in msgpack (3.6), found out before anything is made of them.
 *
 * The decoder makes room for all items of an array as soon as it is declared: a header of nothing
 * but arrays within each other would cost two hundred megabytes.
 */

/** Of the formats 0xc0 to 0xdf: the bytes before content or items. */
const HEAD_BYTES = [
  ...[1, 1, 1, 1, 2, 3, 5, 3, 4, 6, 5, 9, 2, 3, 5, 9],
  ...[2, 3, 5, 9, 3, 4, 6, 10, 18, 2, 3, 5, 3, 5, 3, 5],
];

/** Of the same formats: how many of those, behind the first, hold a length. */
const LENGTH_BYTES = [
  ...[0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4],
];

/**
 * Throws RangeError if containers are within each other in more than so many levels.
 *
 * The bytes may hold many values. What else is wrong with them the decoder says.
 */
export function checkNesting(bytes: Uint8Array, levels: number): void {
  // How many items each open container still waits for, the innermost last.
  const left: number[] = [];
  for (let position = 0; position < bytes.length;) {
    const format = bytes[position] ?? 0;
    const length = lengthOf(bytes, position, format);
    const perLength = itemsPerLength(format);
    position += headBytes(format) + (perLength === 0 ? length : 0);
    const innermost = left.length - 1;
    if (innermost >= 0) left[innermost] = (left[innermost] ?? 0) - 1;
    if (perLength > 0) {
      if (left.length === levels) {
        throw new RangeError(`nested deeper than ${String(levels)} levels`);
      }
      left.push(perLength * length);
    }
    while (left.at(-1) === 0) left.pop();
  }
}

/** Of a map 2, of an array 1, of all else 0. */
function itemsPerLength(format: number): number {
  if ((format & 0xf0) === 0x80 || format === 0xde || format === 0xdf) return 2;
  return (format & 0xf0) === 0x90 || format === 0xdc || format === 0xdd ? 1 : 0;
}

function headBytes(format: number): number {
  return HEAD_BYTES[format - 0xc0] ?? 1;
}

/** The length that the value at a position has, which for some stands in its first byte. */
function lengthOf(bytes: Uint8Array, position: number, format: number): number {
  if (format < 0x80) return 0;
  if (format < 0xa0) return format & 0x0f;
  if (format < 0xc0) return format & 0x1f;
  const count = LENGTH_BYTES[format - 0xc0] ?? 0;
  let length = 0;
  for (let index = 1; index <= count; index += 1) {
    length = length * 256 + (bytes[position + index] ?? 0);
  }
  return length;
}
