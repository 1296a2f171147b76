#include "vectors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "json.hpp"

namespace storagedriver::testing {
namespace {

void append_hex(std::string_view hex, std::vector<std::byte>& bytes) {
    for (std::size_t index = 0; index + 1 < hex.size(); index += 2) {
        unsigned byte = 0;
        std::from_chars(hex.data() + index, hex.data() + index + 2, byte, 16);
        bytes.push_back(static_cast<std::byte>(byte));
    }
}

double number_of(const Value& value) {
    if (const auto* number = value.as<double>()) return *number;
    const auto* integer = value.as<Integer>();
    if (const auto number = integer->as_unsigned()) return static_cast<double>(*number);
    return static_cast<double>(*integer->as_signed());
}

bool is_number(const Value& value) {
    return value.as<double>() != nullptr || value.as<Integer>() != nullptr;
}

/// What JSON lacks is an object with one key.
bool matches_special(const Entry& special, const Value& value) {
    const auto* text = value.as<std::string>();
    const auto* integer = value.as<Integer>();
    if (const auto* binary = value.as<Content>()) {
        return special.name == "$binary" &&
               std::ranges::equal(bytes_of(special.value), binary->bytes());
    }
    if (special.name == "$text" && text != nullptr) {
        return std::ranges::equal(bytes_of(special.value), std::as_bytes(std::span(*text)));
    }
    if (special.name == "$integer" && integer != nullptr) {
        return integer->text() == *special.value.as<std::string>();
    }
    return false;
}

bool matches_map(const Map& meaning, const Map& value) {
    const auto is_there = [&](const Entry& entry) {
        const auto found = std::ranges::find(value.entries(), entry.name, &Entry::name);
        return found != value.entries().end() && matches(entry.value, found->value);
    };
    return meaning.entries().size() == value.entries().size() &&
           std::ranges::all_of(meaning.entries(), is_there);
}

}  // namespace

std::string vectors_directory() {
    const auto* told = std::getenv("STORAGEDRIVER_VECTORS");
    return told == nullptr ? STORAGEDRIVER_VECTORS_DIRECTORY : told;
}

Map read_vectors(const std::string& name) {
    const auto path = vectors_directory() + "/" + name + ".json";
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const auto value = parse_json(text.str());
    if (!value) throw std::runtime_error(path + " is not there, or no JSON");
    return map_of(*value);
}

const Array& array_of(const Map& map, std::string_view name) {
    const auto* value = map.find(name);
    if (value == nullptr || value->as<Array>() == nullptr) {
        throw std::runtime_error("there is no array " + std::string(name));
    }
    return *value->as<Array>();
}

const Map& map_of(const Value& value) {
    if (value.as<Map>() == nullptr) throw std::runtime_error("not a map");
    return *value.as<Map>();
}

std::string text_of(const Map& map, std::string_view name) {
    return std::string(map.text(name).value_or(""));
}

std::vector<std::byte> bytes_of(const Value& value) {
    std::vector<std::byte> bytes;
    if (const auto* hex = value.as<std::string>()) {
        append_hex(*hex, bytes);
        return bytes;
    }
    for (const auto& part : *value.as<Array>()) {
        const auto* repeated = part.as<Array>();
        const auto& hex = repeated == nullptr ? part : repeated->front();
        const auto times = repeated == nullptr ? 1 : *repeated->back().integer()->as_unsigned();
        for (std::uint64_t time = 0; time < times; ++time) {
            append_hex(*hex.as<std::string>(), bytes);
        }
    }
    return bytes;
}

bool matches(const Value& meaning, const Value& value) {
    if (is_number(meaning) && is_number(value)) {
        const auto* one = meaning.as<Integer>();
        const auto* other = value.as<Integer>();
        return one != nullptr && other != nullptr ? *one == *other
                                                  : number_of(meaning) == number_of(value);
    }
    if (const auto* map = meaning.as<Map>()) {
        if (value.as<Map>() != nullptr) return matches_map(*map, *value.as<Map>());
        return map->entries().size() == 1 && matches_special(map->entries().front(), value);
    }
    const auto* ones = meaning.as<Array>();
    const auto* others = value.as<Array>();
    if (ones != nullptr && others != nullptr) {
        return std::ranges::equal(*ones, *others, matches);
    }
    return meaning == value;
}

std::string rfc3339(Time time) {
    namespace chrono = std::chrono;
    const chrono::sys_seconds moment{chrono::seconds(time.seconds)};
    const auto day = chrono::floor<chrono::days>(moment);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss clock(moment - day);
    std::array<char, 64> text{};
    const auto length =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06uZ",
                      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                      static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()), time.nanoseconds / 1'000);
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace storagedriver::testing
