#include "utf8.hpp"

#include <cstddef>

namespace storagedriver {
namespace {

/// What the first byte of a character says of those behind it: how many, and the range of the
/// first of them, which is what shuts out overlong forms and surrogates.
struct Following {
    std::size_t count;
    unsigned char least = 0x80;
    unsigned char most = 0xbf;
};

constexpr Following not_a_beginning{5};

Following following(unsigned char first) {
    if (first < 0x80) return {0};
    if (first < 0xc2) return not_a_beginning;
    if (first < 0xe0) return {1};
    if (first == 0xe0) return {2, 0xa0};
    if (first == 0xed) return {2, 0x80, 0x9f};
    if (first < 0xf0) return {2};
    if (first == 0xf0) return {3, 0x90};
    if (first < 0xf4) return {3};
    if (first == 0xf4) return {3, 0x80, 0x8f};
    return not_a_beginning;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        auto [count, least, most] = following(static_cast<unsigned char>(bytes.front()));
        if (bytes.size() <= count) return false;
        for (std::size_t index = 1; index <= count; ++index) {
            const auto byte = static_cast<unsigned char>(bytes[index]);
            if (byte < least || byte > most) return false;
            least = 0x80;
            most = 0xbf;
        }
        bytes.remove_prefix(count + 1);
    }
    return true;
}

}  // namespace storagedriver
