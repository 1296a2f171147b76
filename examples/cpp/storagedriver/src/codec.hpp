/// Values as msgpack, and back. The only file that knows the msgpack library is codec.cpp.

#pragma once

#include <cstddef>
#include <vector>

#include "storagedriver/value.hpp"

namespace storagedriver {

/// Bytes that are being put together.
using Buffer = std::vector<std::byte>;

/// Append the encoding, in the shortest form of each value.
void encode(const Value& value, Buffer& buffer);

/// Decode one value that fills all of `bytes`, as strictly as the protocol (3.5, 3.6): whatever a
/// stranger sends, memory and stack stay small. ProtocolError otherwise.
Value decode(Bytes bytes);

/// As `decode`, of an array or a map.
Array decode_array(Bytes bytes);
Map decode_map(Bytes bytes);

/// Decode the entries of one message of a listing, each an array.
std::vector<Array> decode_entries(Bytes bytes);

}  // namespace storagedriver
