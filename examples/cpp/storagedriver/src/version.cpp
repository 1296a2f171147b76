#include "version.hpp"

#include <algorithm>
#include <charconv>

#include "text.hpp"

namespace storagedriver {
namespace {

std::optional<std::uint32_t> number(std::string_view text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || text.size() > 9 || !std::ranges::all_of(text, is_digit)) return {};
    std::uint32_t parsed = 0;
    std::from_chars(text.data(), text.data() + text.size(), parsed);
    return parsed;
}

}  // namespace

std::optional<Version> Version::parse(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return {};
    const auto major = number(text.substr(0, dot));
    const auto minor = number(text.substr(dot + 1));
    if (!major || !minor) return {};
    return Version{*major, *minor};
}

std::optional<Version> Version::speak(Version oldest, Version driver) const {
    if (driver.major != major || driver < oldest) return {};
    return std::min(*this, driver);
}

std::string Version::text() const { return concat(major, ".", minor); }

}  // namespace storagedriver
