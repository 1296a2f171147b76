/** Every number of the protocol, with the section of its specification. */

/** The longest header (3.1). */
export const MAX_HEADER_BYTES = 65_536;

/** Content up to here rides in the header: a second frame costs more than its copy (3.3). */
export const INLINE_CONTENT_BYTES = 16_384;

/** Elements of an array and pairs of a map (3.6). */
export const MAX_CONTAINER_ITEMS = 1024;

/** Containers within each other, the header being the first (3.6). */
export const MAX_NESTING_LEVELS = 16;

/** The longest content of one message that this library takes and sends. */
export const MAX_CHUNK_BYTES = 1024 * 1024;

/** Full chunks under way in a stream (6.4). */
export const CREDIT_WINDOW_CHUNKS = 4;

/** A receiver grants in steps of the window divided by this (6.4). */
export const CREDIT_STEP_DIVISOR = 4;

/** No chunk but the last is smaller (6.3). */
export const MIN_CHUNK_BYTES = 4096;

/** The largest credit, and whatever else every language can count to (3.2). */
export const MAX_CREDIT_BYTES = 2 ** 53;

/** Ids and process ids have 32 bits (3.2). */
export const MAX_ID = 0xffff_ffff;

/** The largest count (9.2); as it is no exact number here, a bigint. */
export const MAX_COUNT = 2n ** 63n - 1n;

/** Of the name of a content (4.4). */
export const MAX_VERSION_BYTES = 64;

/** Of the text of an error (8.1). */
export const MAX_ERROR_MESSAGE_BYTES = 4096;

/** Of all fields of an error together: with its message they fit a header. */
export const MAX_ERROR_FIELDS_BYTES = 48 * 1024;

/** Of a code, and of the name of a driver, in an error. */
export const MAX_ERROR_NAME_BYTES = 1024;

/** In messages, of each socket (2.2). */
export const HIGH_WATER_MARK = 64;

/** Worker channels that a driver takes at once. */
export const MAX_CHANNELS = 64;
