/// Versions, and which one two peers speak (section 11).

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace storagedriver {

struct Version {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;

    /// The version that a text is, if it is one.
    static std::optional<Version> parse(std::string_view text);

    /// What a host of this version, which speaks minors from `oldest` on, speaks with a driver.
    std::optional<Version> speak(Version oldest, Version driver) const;

    std::string text() const;

    friend auto operator<=>(const Version&, const Version&) = default;
};

/// What this library speaks.
inline constexpr Version current_version{0, 1};

}  // namespace storagedriver
