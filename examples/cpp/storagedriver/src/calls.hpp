/// Every call as data: its params, its result, and which way its content flows (9.1 and 9.3).

#pragma once

#include <span>
#include <string_view>

#include "types.hpp"

namespace storagedriver {

/// Which way the content of a call flows, as the host sees it.
enum class Direction { none, sent, received };

/// One key of a map, or element of an entry.
struct Key {
    std::string_view name;
    Type type;
    bool is_required = true;
};

struct Call {
    std::string_view method;
    Direction direction = Direction::none;
    std::span<const Key> params = {};
    std::span<const Key> result = {};
    std::span<const Key> info = {};
    std::span<const Key> entry = {};
    /// The key of the result that must agree with the content that moved; empty if none must.
    std::string_view count_key = {};
    /// Whether that count has the param `offset` in it.
    bool counts_from_offset = false;
};

/// The call of this name, or null if this version has none.
const Call* find_call(std::string_view method);

/// The known keys of params in their normal form, with nil, false or empty for those absent.
/// ProtocolError otherwise.
Map check_params(std::string_view method, Map params);

/// As `check_params`, for the result of a success.
Map check_result(std::string_view method, Map result);

/// As `check_params`, for the info of a START.
Map check_info(std::string_view method, Map info);

/// As `check_params`, for an entry of a listing, which gets all its known elements.
Array check_entry(std::string_view method, Array entry);

}  // namespace storagedriver
