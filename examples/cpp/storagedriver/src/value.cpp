#include "storagedriver/value.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <ranges>

#include "limits.hpp"

namespace storagedriver {

std::optional<std::uint64_t> Integer::as_unsigned() const {
    return negative_ ? std::nullopt : std::optional(bits_);
}

std::optional<std::int64_t> Integer::as_signed() const {
    const auto fits = negative_ || bits_ <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    return fits ? std::optional(static_cast<std::int64_t>(bits_)) : std::nullopt;
}

bool Integer::lies_in(std::int64_t least, std::uint64_t most) const {
    if (negative_) return static_cast<std::int64_t>(bits_) >= least;
    return bits_ <= most && std::cmp_greater_equal(bits_, least);
}

std::string Integer::text() const {
    return negative_ ? std::to_string(static_cast<std::int64_t>(bits_)) : std::to_string(bits_);
}

Map::Map() = default;
Map::Map(std::initializer_list<Entry> entries) : entries_(entries) {}
Map::Map(const Map& other) = default;
Map::Map(Map&& other) noexcept = default;
Map& Map::operator=(const Map& other) = default;
Map& Map::operator=(Map&& other) noexcept = default;
Map::~Map() = default;

void Map::add(std::string name, Value value) {
    entries_.push_back({std::move(name), std::move(value)});
}

Value* Map::find(std::string_view name) {
    const auto found = std::ranges::find(entries_, name, &Entry::name);
    return found == entries_.end() || found->value.is_nil() ? nullptr : &found->value;
}

const Value* Map::find(std::string_view name) const { return const_cast<Map*>(this)->find(name); }

std::optional<std::string_view> Map::text(std::string_view name) const {
    const auto* value = find(name);
    const auto* text = value == nullptr ? nullptr : value->as<std::string>();
    return text == nullptr ? std::nullopt : std::optional<std::string_view>(*text);
}

std::optional<std::uint64_t> Map::count(std::string_view name) const {
    const auto* value = find(name);
    const auto integer = value == nullptr ? std::nullopt : value->integer();
    return integer ? integer->as_unsigned() : std::nullopt;
}

bool Map::flag(std::string_view name) const {
    const auto* value = find(name);
    const auto* flag = value == nullptr ? nullptr : value->as<bool>();
    return flag != nullptr && *flag;
}

Content Map::binary(std::string_view name) const {
    const auto* value = find(name);
    const auto* binary = value == nullptr ? nullptr : value->as<Content>();
    return binary == nullptr ? Content() : *binary;
}

bool operator==(const Map& one, const Map& other) {
    return std::ranges::equal(one.entries_, other.entries_, [](const Entry& a, const Entry& b) {
        return a.name == b.name && a.value == b.value;
    });
}

Value::Value() = default;
Value::Value(Integer number) : value_(number) {}
Value::Value(double number) : value_(number) {}
Value::Value(std::string text) : value_(std::move(text)) {}
Value::Value(Content binary) : value_(std::move(binary)) {}
Value::Value(Array elements) : value_(std::move(elements)) {}
Value::Value(Map map) : value_(std::move(map)) {}
Value::Value(Variant value) noexcept : value_(std::move(value)) {}
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

std::optional<Integer> Value::integer() const {
    if (const auto* integer = as<Integer>()) return *integer;
    const auto* number = as<double>();
    // In this range the conversion is exact.
    const auto is_whole = number != nullptr && std::trunc(*number) == *number &&
                          std::abs(*number) <= static_cast<double>(limits::max_credit_bytes);
    return is_whole ? std::optional(Integer(static_cast<std::int64_t>(*number))) : std::nullopt;
}

bool operator==(const Value& one, const Value& other) { return one.value_ == other.value_; }

}  // namespace storagedriver
