/// Every code of an error as data: its name, its text and its fields (8.2).

#pragma once

#include <span>
#include <string_view>

#include "storagedriver/error.hpp"

namespace storagedriver {

/// What a field of an error holds, and so what stands there if it is missing.
enum class FieldType { text, text_kept_at_its_end, integer, integer_or_nil, number, pairs };

struct FieldRule {
    std::string_view name;
    FieldType type = FieldType::text;
};

struct ErrorRule {
    ErrorCode code;
    std::string_view name;
    /// For people; names of fields in braces.
    std::string_view text;
    std::span<const FieldRule> fields = {};
    bool temporary = false;
};

const ErrorRule& error_rule(ErrorCode code);

/// That of a name on the wire, or null.
const ErrorRule* find_error_rule(std::string_view name);

}  // namespace storagedriver
