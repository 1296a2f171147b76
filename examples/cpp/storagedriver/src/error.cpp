#include "storagedriver/error.hpp"

#include "error_table.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

std::string shown(const Value* value) {
    if (value == nullptr) return {};
    if (const auto* text = value->as<std::string>()) return *text;
    if (const auto* pairs = value->as<Array>()) return std::to_string(pairs->size());
    if (const auto integer = value->integer()) return integer->text();
    const auto* number = value->as<double>();
    return number == nullptr ? std::string() : std::to_string(*number);
}

/// The text of a code with the fields at their places.
std::string fill_in(std::string_view text, const Map& fields) {
    std::string filled;
    for (auto open = text.find('{'); open != std::string_view::npos; open = text.find('{')) {
        const auto close = text.find('}', open);
        filled += text.substr(0, open);
        filled += shown(fields.find(text.substr(open + 1, close - open - 1)));
        text.remove_prefix(close + 1);
    }
    return filled.append(text);
}

Map offset_fields(std::string_view path, std::uint64_t offset) {
    return {{"path", path}, {"offset", offset}};
}

Array pairs_of(const Failed& failed) {
    Array pairs;
    for (const auto& [path, code] : failed) pairs.push_back(Array{path, code});
    return pairs;
}

}  // namespace

Error::Error(ErrorCode code, Map fields, std::string_view reason)
    : code_(code), fields_(std::move(fields)) {
    const auto& rule = error_rule(code);
    code_name_ = rule.name;
    temporary = rule.temporary;
    message_ = fill_in(rule.text, fields_);
    if (!reason.empty()) message_ += concat(": ", reason);
}

Error::Error(ErrorCode code, std::string_view path, std::string_view reason)
    : Error(code, Map{{"path", path}}, reason) {}

Error Error::of_unknown_code(std::string_view name, Map fields) {
    Error error(ErrorCode::other, std::move(fields));
    error.code_name_ = name;
    return error;
}

InvalidOffset::InvalidOffset(std::string_view path, std::uint64_t offset)
    : Error(ErrorCode::invalid_offset, offset_fields(path, offset)) {}

InvalidOffset::InvalidOffset(std::string_view path, std::uint64_t offset, std::uint64_t stored_now)
    : InvalidOffset(path, offset) {
    stored = stored_now;
}

UnsupportedMethod::UnsupportedMethod(std::string_view method, std::string_view reason)
    : Error(ErrorCode::unsupported_method, Map{{"method", method}}, reason) {}

InvalidParameters::InvalidParameters(std::string_view name, std::string_view parameter,
                                     std::string_view reason)
    : Error(ErrorCode::invalid_parameters,
            Map{{"name", name}, {"parameter", parameter}, {"reason", reason}}) {}

IncompatibleVersion::IncompatibleVersion(std::string_view host_version,
                                         std::string_view driver_version)
    : Error(ErrorCode::incompatible_version,
            Map{{"host_version", host_version}, {"driver_version", driver_version}}) {}

OutcomeUnknown::OutcomeUnknown(std::string_view method, std::string_view path,
                               std::string_view reason)
    : Error(ErrorCode::outcome_unknown, Map{{"method", method}, {"path", path}}, reason) {}

PartialFailure::PartialFailure(const Failed& failed)
    : Error(ErrorCode::partial_failure, Map{{"failed", pairs_of(failed)}}) {}

Cancelled::Cancelled() : Error(ErrorCode::cancelled, Map()) {}

TooManyChannels::TooManyChannels(std::uint64_t limit)
    : Error(ErrorCode::too_many_channels, Map{{"limit", limit}}) {}

ProtocolError::ProtocolError(std::string_view detail)
    : Error(ErrorCode::protocol_error, Map{{"detail", detail}}) {}

Internal::Internal(std::string message, bool is_temporary) : Error(ErrorCode::internal, Map()) {
    set_message(std::move(message));
    temporary = is_temporary;
}

}  // namespace storagedriver
