/// Moving an object or a directory, by one rename.

#pragma once

#include <functional>
#include <string_view>

#include "filesystem/root.hpp"

namespace drivers::files {

/// Move what is at `source`, replacing the object at `destination`.
void move_in(const Root& root, std::string_view source, std::string_view destination);

/// Run the last step of a change that has happened, without which it might not survive a power cut:
/// OutcomeUnknown if that fails.
void make_durable(std::string_view method, std::string_view path,
                  const std::function<void()>& sync);

}  // namespace drivers::files
