/// The types of values in params, results and listings, and how each is checked (9.2).

#pragma once

#include <stdexcept>

#include "storagedriver/time.hpp"
#include "storagedriver/value.hpp"

namespace storagedriver {

/// A type of the protocol. Section 9.2 says what each is.
enum class Type { text, version, flag, count, credit, limit, time, texts, options, meta, workers };

/// A value is not of its type. The text goes on where the name of a key has been said.
class Misfit : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The value in its normal form: integers that came as floats are integers. Misfit otherwise.
Value check_type(Type type, Value value);

/// The time that a value is. Misfit otherwise.
Time time_of(const Value& value);

Value to_value(Time time);
inline Value to_value(std::optional<Time> time) { return time ? to_value(*time) : Value(); }

}  // namespace storagedriver
