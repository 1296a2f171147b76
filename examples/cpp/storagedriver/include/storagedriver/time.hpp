/// A moment in UTC, as the protocol has it.

#pragma once

#include <compare>
#include <cstdint>

namespace storagedriver {

struct Time {
    /// Since the beginning of 1970; negative before.
    std::int64_t seconds = 0;
    /// From 0 to 999,999,999; they always count forward.
    std::uint32_t nanoseconds = 0;

    static Time now();

    /// The same, cut to microseconds: no host keeps more.
    Time cut_to_microseconds() const { return {seconds, nanoseconds / 1'000 * 1'000}; }

    friend auto operator<=>(const Time&, const Time&) = default;
};

}  // namespace storagedriver
