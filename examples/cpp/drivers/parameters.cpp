#include "parameters.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <span>

#include "storagedriver/error.hpp"

namespace drivers {

void check_known(std::string_view driver, const storagedriver::Parameters& parameters,
                 std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : parameters.entries()) {
        if (std::ranges::find(known, name) == known.end()) {
            throw storagedriver::InvalidParameters(driver, name, "is not known");
        }
    }
}

std::string random_name() {
    std::array<unsigned char, 16> bytes{};
    // So few bytes are never given in part.
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw storagedriver::Internal("no random bytes");
    }
    std::string name;
    for (const auto byte : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        name += {digits[byte >> 4], digits[byte & 0xf]};
    }
    return name;
}

}  // namespace drivers
