/// Texts made of parts.

#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace storagedriver {

inline void append_to(std::string& text, std::string_view part) { text += part; }
inline void append_to(std::string& text, std::integral auto part) { text += std::to_string(part); }

/// The parts one after another; numbers in decimal.
template <class... Parts>
std::string concat(const Parts&... parts) {
    std::string text;
    (append_to(text, parts), ...);
    return text;
}

}  // namespace storagedriver
