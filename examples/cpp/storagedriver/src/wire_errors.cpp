#include "wire_errors.hpp"

#include <algorithm>

#include "error_table.hpp"
#include "limits.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

/// What msgpack adds to a pair at most: a byte for the array and five for each text.
constexpr std::size_t pair_overhead_bytes = 11;

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

std::string_view cut_end(std::string_view text, std::size_t room) {
    if (text.size() <= room) return text;
    while (room > 0 && !begins_character(text[room])) --room;
    return text.substr(0, room);
}

std::string_view cut_start(std::string_view text, std::size_t room) {
    if (text.size() <= room) return text;
    auto start = text.size() - room;
    while (start < text.size() && !begins_character(text[start])) ++start;
    return text.substr(start);
}

std::string_view text_of(const Value* value) {
    const auto* text = value == nullptr ? nullptr : value->as<std::string>();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

Value integer_of(const Value* value, Value neutral) {
    const auto integer = value == nullptr ? std::nullopt : value->integer();
    return integer ? Value(*integer) : neutral;
}

Value number_of(const Value* value) {
    const auto is_number =
        value != nullptr && (value->as<double>() != nullptr || value->as<Integer>() != nullptr);
    return is_number ? *value : Value(0.0);
}

/// As many of the pairs as there is room for, each with a path and a code.
Array pairs_of(const Value* value) {
    const auto* given = value == nullptr ? nullptr : value->as<Array>();
    if (given == nullptr) return {};
    Array kept;
    auto room = limits::max_error_fields_bytes;
    for (const auto& pair : *given) {
        const auto* elements = pair.as<Array>();
        const auto element = [&](std::size_t index) {
            return elements != nullptr && index < elements->size() ? text_of(&(*elements)[index])
                                                                   : std::string_view();
        };
        const auto path = element(0);
        const auto code = element(1).empty() ? "Internal" : element(1);
        const auto needed = path.size() + code.size() + pair_overhead_bytes;
        if (needed > room || kept.size() == limits::max_container_items) break;
        room -= needed;
        kept.push_back(Array{path, code});
    }
    return kept;
}

/// Whether two values of a field are as long: what is shorter was cut.
bool was_cut(const Value* whole, const Value& kept) {
    if (whole == nullptr) return false;
    if (const auto* text = kept.as<std::string>()) return text->size() < text_of(whole).size();
    const auto* pairs = kept.as<Array>();
    const auto* all = whole->as<Array>();
    return pairs != nullptr && all != nullptr && pairs->size() < all->size();
}

/// What a field is told as: of the type of its rule, and no longer than `room`.
Value field_of(const FieldRule& rule, const Value* value, std::size_t room) {
    switch (rule.type) {
        case FieldType::text:
            return cut_end(text_of(value), room);
        case FieldType::text_kept_at_its_end:
            return cut_start(text_of(value), room);
        case FieldType::integer:
            return integer_of(value, 0);
        case FieldType::integer_or_nil:
            return integer_of(value, {});
        case FieldType::number:
            return number_of(value);
        case FieldType::pairs:
            return pairs_of(value);
    }
    return {};
}

bool is_text(const FieldRule& rule) {
    return rule.type == FieldType::text || rule.type == FieldType::text_kept_at_its_end;
}

}  // namespace

Map error_to_wire(const Error& error, std::string_view driver) {
    const auto rules = error_rule(error.code()).fields;
    const auto texts = static_cast<std::size_t>(std::ranges::count_if(rules, is_text));
    const auto room = limits::max_error_fields_bytes / std::max<std::size_t>(texts, 1);
    Map fields;
    std::string cut;
    for (const auto& rule : rules) {
        const auto* given = error.fields().find(rule.name);
        auto value = field_of(rule, given, room);
        if (was_cut(given, value)) cut += concat(cut.empty() ? "" : ", ", rule.name);
        fields.add(std::string(rule.name), std::move(value));
    }
    if (error.stored) fields.add("stored", std::min(*error.stored, limits::max_count));
    const auto note = cut.empty() ? std::string() : concat(" (cut: ", cut, ")");
    const auto room_for_text = limits::max_error_message_bytes - note.size();
    return {
        {"code", cut_end(error.code_name(), limits::max_error_name_bytes)},
        {"message", concat(cut_end(error.message(), room_for_text), note)},
        {"temporary", error.temporary},
        {"driver", cut_end(driver, limits::max_error_name_bytes)},
        {"fields", std::move(fields)},
    };
}

Error error_from_wire(const Map& map) {
    const auto code = map.text("code");
    if (!code) throw ProtocolError("an error must have a code, which is a text");
    const auto* value = map.find("fields");
    const auto* given = value == nullptr ? nullptr : value->as<Map>();
    const auto* rule = find_error_rule(*code);
    Map fields;
    if (rule != nullptr) {
        for (const auto& field : rule->fields) {
            const auto* found = given == nullptr ? nullptr : given->find(field.name);
            fields.add(std::string(field.name), field_of(field, found, limits::max_header_bytes));
        }
    }
    auto error = rule == nullptr ? Error::of_unknown_code(*code, std::move(fields))
                                 : Error(rule->code, std::move(fields));
    if (const auto message = map.text("message")) error.set_message(std::string(*message));
    error.temporary = map.flag("temporary");
    error.stored = given == nullptr ? std::nullopt : given->count("stored");
    return error;
}

}  // namespace storagedriver
