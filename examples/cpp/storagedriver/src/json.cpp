#include "json.hpp"

#include <nlohmann/json.hpp>

namespace storagedriver {
namespace {

using Json = nlohmann::ordered_json;

Value value_of(const Json& json) {
    switch (json.type()) {
        case Json::value_t::boolean:
            return json.get<bool>();
        case Json::value_t::number_integer:
            return json.get<std::int64_t>();
        case Json::value_t::number_unsigned:
            return json.get<std::uint64_t>();
        case Json::value_t::number_float:
            return json.get<double>();
        case Json::value_t::string:
            return json.get_ref<const std::string&>();
        case Json::value_t::array: {
            Array elements;
            for (const auto& element : json) elements.push_back(value_of(element));
            return elements;
        }
        case Json::value_t::object: {
            Map map;
            for (const auto& [name, value] : json.items()) map.add(name, value_of(value));
            return map;
        }
        default:
            return {};
    }
}

struct Maker {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool flag) const { return flag; }
    Json operator()(double number) const { return number; }
    Json operator()(const std::string& text) const { return text; }
    Json operator()(const Content&) const { throw std::invalid_argument("JSON has no binary"); }
    Json operator()(const Value& value) const { return std::visit(*this, value.variant()); }

    Json operator()(Integer integer) const {
        if (const auto number = integer.as_unsigned()) return *number;
        return *integer.as_signed();
    }

    Json operator()(const Array& elements) const {
        auto json = Json::array();
        for (const auto& element : elements) json.push_back((*this)(element));
        return json;
    }

    Json operator()(const Map& map) const {
        auto json = Json::object();
        for (const auto& [name, value] : map.entries()) json[name] = (*this)(value);
        return json;
    }
};

}  // namespace

std::optional<Value> parse_json(std::string_view text) {
    const auto json = Json::parse(text, nullptr, false);
    return json.is_discarded() ? std::nullopt : std::optional(value_of(json));
}

std::string to_json(const Value& value) { return Maker()(value).dump(); }

}  // namespace storagedriver
