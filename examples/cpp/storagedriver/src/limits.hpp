/// The numbers of the protocol, each with the section that it comes from.

#pragma once

#include <cstddef>
#include <cstdint>

namespace storagedriver::limits {

/// Of a header, in bytes (3.1).
inline constexpr std::size_t max_header_bytes = 65'536;
/// Content up to here rides in the header (3.3): a second frame costs more than the copy.
inline constexpr std::size_t inline_content_bytes = 16'384;
/// Elements of an array, or pairs of a map (3.6).
inline constexpr std::size_t max_container_items = 1'024;
/// How deep arrays and maps are nested, the header being the first (3.6).
inline constexpr std::size_t max_nesting_levels = 16;
/// The longest chunk that this driver takes and sends (10.2).
inline constexpr std::uint64_t max_chunk_bytes = 1'048'576;
/// So many full chunks may be under way in a write (6.4).
inline constexpr std::uint64_t credit_window_chunks = 4;
/// A receiver grants in steps of its window divided by this (6.4).
inline constexpr std::uint64_t credit_step_divisor = 4;
/// No chunk but the last is smaller, unless the credit is (6.3).
inline constexpr std::size_t min_chunk_bytes = 4'096;
/// Of the text of an error (8.1).
inline constexpr std::size_t max_error_message_bytes = 4'096;
/// Of all fields of an error together: with message and names it then fits a header (8.3).
inline constexpr std::size_t max_error_fields_bytes = 49'152;
/// Of a code and of a driver's name in an error: longer ones are mistakes.
inline constexpr std::size_t max_error_name_bytes = 1'024;
/// Of the opaque version of a content (4.4).
inline constexpr std::size_t max_version_bytes = 64;
/// The largest request id (3.2).
inline constexpr std::uint64_t max_id = 0xffff'ffff;
/// The largest credit, and the largest whole number that every language can count to (6.1).
inline constexpr std::uint64_t max_credit_bytes = std::uint64_t{1} << 53;
/// The largest size or offset (9.2).
inline constexpr std::uint64_t max_count = (std::uint64_t{1} << 63) - 1;
/// How many worker channels are served at once: each is a thread.
inline constexpr std::size_t max_channels = 64;
/// In messages, of each end of a socket (2.2).
inline constexpr int high_water_mark = 64;

}  // namespace storagedriver::limits
