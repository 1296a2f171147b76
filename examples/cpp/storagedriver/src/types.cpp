#include "types.hpp"

#include <algorithm>
#include <span>

#include "limits.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

constexpr std::int64_t first_second = -62'135'596'800;
constexpr std::int64_t last_second = 253'402'300'799;

struct Member {
    std::string_view name;
    Type type;
};

constexpr Member option_keys[] = {{"method", Type::text}, {"expiry", Type::time}};
constexpr Member meta_keys[] = {{"deadline_ms", Type::count}, {"traceparent", Type::text}};
constexpr Member worker_keys[] = {{"channel", Type::count},
                                  {"id", Type::count},
                                  {"method", Type::text},
                                  {"busy_ms", Type::count},
                                  {"moved_bytes", Type::count}};

template <class T>
Value only(Value value, const char* misfit) {
    if (value.as<T>() == nullptr) throw Misfit(misfit);
    return value;
}

Value version(Value value) {
    const auto* binary = value.as<Content>();
    if (binary == nullptr || binary->size() > limits::max_version_bytes) {
        throw Misfit(concat("must be binary of at most ", limits::max_version_bytes, " bytes"));
    }
    return value;
}

Value integer(const Value& value, std::uint64_t least, std::uint64_t most) {
    const auto integer = value.integer();
    if (!integer || !integer->lies_in(static_cast<std::int64_t>(least), most)) {
        throw Misfit(concat("must be an integer from ", least, " to ", most));
    }
    return *integer;
}

Value texts(Value value) {
    const auto is_text = [](const Value& element) { return element.as<std::string>() != nullptr; };
    const auto* elements = value.as<Array>();
    if (elements == nullptr || !std::ranges::all_of(*elements, is_text)) {
        throw Misfit("must be an array of texts");
    }
    return value;
}

/// Only the keys that are told are looked at; the others stay.
Value map(Value value, std::span<const Member> keys, bool are_required) {
    auto* map = value.as<Map>();
    if (map == nullptr) throw Misfit("must be a map");
    for (const auto& [name, type] : keys) {
        auto* found = map->find(name);
        if (found == nullptr && are_required) throw Misfit(concat("must have the key ", name));
        if (found == nullptr) continue;
        try {
            *found = check_type(type, std::move(*found));
        } catch (const Misfit& misfit) {
            throw Misfit(concat("has a key ", name, " that ", misfit.what()));
        }
    }
    return value;
}

Value workers(Value value) {
    auto* workers = value.as<Array>();
    if (workers == nullptr) throw Misfit("must be an array");
    for (auto& worker : *workers) worker = map(std::move(worker), worker_keys, true);
    return value;
}

}  // namespace

Value check_type(Type type, Value value) {
    switch (type) {
        case Type::text:
            return only<std::string>(std::move(value), "must be a text");
        case Type::version:
            return version(std::move(value));
        case Type::flag:
            return only<bool>(std::move(value), "must be true or false");
        case Type::count:
            return integer(value, 0, limits::max_count);
        case Type::credit:
            return integer(value, 0, limits::max_credit_bytes);
        case Type::limit:
            return integer(value, limits::min_chunk_bytes, limits::max_credit_bytes);
        case Type::time:
            return to_value(time_of(value));
        case Type::texts:
            return texts(std::move(value));
        case Type::options:
            return map(std::move(value), option_keys, false);
        case Type::meta:
            return map(std::move(value), meta_keys, false);
        case Type::workers:
            return workers(std::move(value));
    }
    return value;
}

Time time_of(const Value& value) {
    const auto* elements = value.as<Array>();
    if (elements == nullptr || elements->size() != 2) {
        throw Misfit("must be [seconds, nanoseconds]");
    }
    const auto seconds = elements->front().integer();
    const auto nanoseconds = elements->back().integer();
    if (!seconds || !nanoseconds) throw Misfit("must be made of integers");
    if (!nanoseconds->lies_in(0, 999'999'999)) throw Misfit("must have 0 to 999999999 nanoseconds");
    if (!seconds->lies_in(first_second, last_second)) {
        throw Misfit("must lie in the years 1 to 9999");
    }
    return {*seconds->as_signed(), static_cast<std::uint32_t>(*nanoseconds->as_unsigned())};
}

Value to_value(Time time) { return Array{time.seconds, time.nanoseconds}; }

}  // namespace storagedriver
