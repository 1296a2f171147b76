/// Reading the shared test vectors, as section 16 of the protocol describes them.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "storagedriver/time.hpp"
#include "storagedriver/value.hpp"

namespace storagedriver::testing {

/// Where the vectors are. STORAGEDRIVER_VECTORS says where, if not in their own project.
std::string vectors_directory();

/// A file of vectors, by its name without `.json`.
Map read_vectors(const std::string& name);

const Array& array_of(const Map& map, std::string_view name);
const Map& map_of(const Value& value);
std::string text_of(const Map& map, std::string_view name);

/// Hexadecimal text, or an array of such texts and of `[text, times]`.
std::vector<std::byte> bytes_of(const Value& value);

/// Whether a value is what a vector says. Numbers are compared by value.
bool matches(const Value& meaning, const Value& value);

/// A time as text, in microseconds.
std::string rfc3339(Time time);

}  // namespace storagedriver::testing
