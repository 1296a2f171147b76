#include "storagedriver/log.hpp"

#include <iostream>
#include <string>

#include "text.hpp"

namespace storagedriver {

void log(LogLevel level, std::string_view text) {
    constexpr std::string_view names[] = {"DEBUG", "INFO", "WARNING", "ERROR"};
    // In one piece: that is what keeps the lines of several threads apart.
    std::clog << concat(names[static_cast<int>(level)], ": ", text, "\n") << std::flush;
}

}  // namespace storagedriver
