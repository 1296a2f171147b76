/// Logging to standard error, from where the host takes it up.

#pragma once

#include <string_view>

namespace storagedriver {

enum class LogLevel { debug, info, warning, error };

/// Write one line, `LEVEL: text`, which does not mix with those of other threads.
void log(LogLevel level, std::string_view text);

}  // namespace storagedriver
