//! The numbers of the protocol, each with the section that it comes from.

/// Of a header, in bytes (3.1).
pub const MAX_HEADER_BYTES: usize = 65_536;
/// Content up to here rides in the header (3.3): a second frame costs more than the copy.
pub const INLINE_CONTENT_BYTES: usize = 16_384;
/// Elements of an array, or pairs of a map (3.6).
pub const MAX_CONTAINER_ITEMS: usize = 1_024;
/// How deep arrays and maps are nested, the header being the first (3.6).
pub const MAX_NESTING_LEVELS: usize = 16;
/// The longest chunk that this driver takes and sends (10.2).
pub const MAX_CHUNK_BYTES: u64 = 1_048_576;
/// So many full chunks may be under way in a write (6.4).
pub const CREDIT_WINDOW_CHUNKS: u64 = 4;
/// A receiver grants in steps of its window divided by this (6.4).
pub const CREDIT_STEP_DIVISOR: u64 = 4;
/// No chunk but the last is smaller, unless the credit is (6.3).
pub const MIN_CHUNK_BYTES: usize = 4_096;
/// Of the text of an error (8.1).
pub const MAX_ERROR_MESSAGE_BYTES: usize = 4_096;
/// Of all fields of an error together: with message and names it then fits a header (8.3).
pub const MAX_ERROR_FIELDS_BYTES: usize = 48 * 1_024;
/// Of a code and of a driver's name in an error: longer ones are mistakes.
pub const MAX_ERROR_NAME_BYTES: usize = 1_024;
/// Of the opaque version of a content (4.4).
pub const MAX_VERSION_BYTES: usize = 64;
/// The largest request id (3.2).
pub const MAX_ID: u32 = u32::MAX;
/// The largest credit, and the largest whole number that every language can count to (6.1).
pub const MAX_CREDIT_BYTES: u64 = 1 << 53;
/// The largest size or offset (9.2).
pub const MAX_COUNT: u64 = (1 << 63) - 1;
/// How many worker channels are served at once: each is a thread.
pub const MAX_CHANNELS: usize = 64;
/// In messages, of each end of a socket (2.2).
pub const HIGH_WATER_MARK: i32 = 64;
