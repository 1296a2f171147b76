/// What both drivers need to begin.

#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "storagedriver/value.hpp"

namespace drivers {

/// Refuse parameters that a driver does not know.
void check_known(std::string_view driver, const storagedriver::Parameters& parameters,
                 std::initializer_list<std::string_view> known);

/// 32 random hexadecimal digits, which name what must not meet anything else.
std::string random_name();

}  // namespace drivers
