/// Values as JSON, and back. The only file that knows the JSON library is json.cpp.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storagedriver/value.hpp"

namespace storagedriver {

/// The value of a JSON text, nothing if it is none.
std::optional<Value> parse_json(std::string_view text);

/// JSON in one line. There must be no binary in it.
std::string to_json(const Value& value);

}  // namespace storagedriver
