/// The content of a read and the entries of a listing, sent as far as credit goes.

#pragma once

#include <functional>

#include "channel.hpp"
#include "storagedriver/driver.hpp"

namespace storagedriver {

/// Send the content of `stream`; return the response, which carries the last piece.
///
/// Content that ends before the size that it had at the opening is ContentChanged.
Response send_stream(Channel& channel, ReadStream& stream, std::string_view path,
                     std::uint64_t offset);

/// Gives the entries of a listing one after another, and nothing at the end.
using NextEntry = std::function<std::optional<Value>()>;

/// Send entries in batches of whole entries; return the response, which carries the last of them.
Response send_listing(Channel& channel, const NextEntry& next_entry);

}  // namespace storagedriver
