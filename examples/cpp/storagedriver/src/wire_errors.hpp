/// Errors as maps, and maps as errors again (section 8). An error must arrive, whatever it holds.

#pragma once

#include "storagedriver/error.hpp"

namespace storagedriver {

/// The map of an error, which fits a header. What is too long is cut, and the message says so.
Map error_to_wire(const Error& error, std::string_view driver);

/// The error that a map means. Whatever is missing or of a wrong type gets a neutral value; only a
/// map without a code is a ProtocolError.
Error error_from_wire(const Map& map);

}  // namespace storagedriver
