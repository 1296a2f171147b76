/// What a message, or the parameters of a driver, are made of: the types that msgpack and JSON
/// share.

#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "storagedriver/content.hpp"

namespace storagedriver {

/// A whole number of any width of msgpack, from -2^63 to 2^64 - 1.
class Integer {
  public:
    template <std::integral T>
    constexpr explicit Integer(T number)
        : bits_(static_cast<std::uint64_t>(number)), negative_(std::cmp_less(number, 0)) {}

    std::optional<std::uint64_t> as_unsigned() const;
    std::optional<std::int64_t> as_signed() const;
    bool lies_in(std::int64_t least, std::uint64_t most) const;
    std::string text() const;
    bool negative() const { return negative_; }

    friend bool operator==(const Integer&, const Integer&) = default;

  private:
    std::uint64_t bits_;
    bool negative_;
};

struct Entry;
class Value;
using Array = std::vector<Value>;

/// A map in the order of its sender, without two equal keys.
class Map {
  public:
    Map();
    Map(std::initializer_list<Entry> entries);
    Map(const Map& other);
    Map(Map&& other) noexcept;
    Map& operator=(const Map& other);
    Map& operator=(Map&& other) noexcept;
    ~Map();

    const std::vector<Entry>& entries() const { return entries_; }
    std::vector<Entry>& entries() { return entries_; }

    /// Without looking whether the key is there already.
    void add(std::string name, Value value);

    /// The value of a key, or null; nil is the same as absent.
    const Value* find(std::string_view name) const;
    Value* find(std::string_view name);

    std::optional<std::string_view> text(std::string_view name) const;
    std::optional<std::uint64_t> count(std::string_view name) const;
    /// Whether the key is there and true.
    bool flag(std::string_view name) const;
    /// The binary of a key; absent is empty.
    Content binary(std::string_view name) const;

    friend bool operator==(const Map& one, const Map& other);

  private:
    std::vector<Entry> entries_;
};

/// One value of any type.
class Value {
  public:
    using Variant =
        std::variant<std::monostate, bool, Integer, double, std::string, Content, Array, Map>;

    Value();
    Value(std::same_as<bool> auto flag) : Value(Variant(flag)) {}
    template <std::integral T>
    requires(!std::same_as<T, bool>) Value(T number) : Value(Integer(number)) {}
    Value(Integer number);
    Value(double number);
    Value(std::string text);
    Value(std::string_view text) : Value(std::string(text)) {}
    Value(const char* text) : Value(std::string(text)) {}
    Value(Content binary);
    Value(Array elements);
    Value(Map map);
    template <class T>
    Value(std::optional<T> value) {
        if (value) *this = Value(*std::move(value));
    }

    // Not in every file anew: that is most of the time that it takes to compile them.
    Value(const Value& other);
    Value(Value&& other) noexcept;
    Value& operator=(const Value& other);
    Value& operator=(Value&& other) noexcept;
    ~Value();

    bool is_nil() const { return std::holds_alternative<std::monostate>(value_); }

    template <class T>
    const T* as() const {
        return std::get_if<T>(&value_);
    }
    template <class T>
    T* as() {
        return std::get_if<T>(&value_);
    }

    /// The integer that this is, also as a float without fraction up to 2^53.
    std::optional<Integer> integer() const;

    const Variant& variant() const { return value_; }

    friend bool operator==(const Value& one, const Value& other);

  private:
    explicit Value(Variant value) noexcept;

    Variant value_;
};

/// One pair of a map.
struct Entry {
    std::string name;
    Value value;
};

/// The parameters of a driver, as the host gave them.
using Parameters = Map;

}  // namespace storagedriver
