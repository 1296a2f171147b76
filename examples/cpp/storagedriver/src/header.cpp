#include "header.hpp"

#include "limits.hpp"
#include "storagedriver/error.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

Kind kind_of_header(const Array& elements) {
    const auto number = elements.empty() ? std::nullopt : elements.front().integer();
    if (!number || !number->lies_in(0, static_cast<std::uint64_t>(Kind::close))) {
        throw ProtocolError("a header must begin with the number of a kind");
    }
    return static_cast<Kind>(*number->as_unsigned());
}

std::size_t least_elements(Kind kind) {
    switch (kind) {
        case Kind::request:
        case Kind::response:
        case Kind::attach:
            return 4;
        case Kind::credit:
        case Kind::start:
            return 3;
        case Kind::chunk:
        case Kind::end:
        case Kind::cancel:
            return 2;
        case Kind::close:
            break;
    }
    return 1;
}

}  // namespace

HeaderReader::HeaderReader(Array elements, Content frame)
    : elements_(std::move(elements)), frame_(std::move(frame)), kind_(kind_of_header(elements_)) {
    if (elements_.size() < least_elements(kind_)) {
        throw ProtocolError(concat(name_of(kind_), "[", elements_.size(), "] is missing"));
    }
}

// In braces the elements are taken in their order.
Message HeaderReader::message() {
    switch (kind_) {
        case Kind::request:
            return Request{id(), text(), map(), content()};
        case Kind::response:
            return response();
        case Kind::chunk: {
            Chunk chunk{id(), content()};
            if (chunk.content.empty()) misfit("must have content");
            return chunk;
        }
        case Kind::end:
            return End{id(), content()};
        default:
            check_without_content();
    }
    switch (kind_) {
        case Kind::credit:
            return Credit{id(), integer(1, limits::max_credit_bytes)};
        case Kind::cancel:
            return Cancel{id()};
        case Kind::attach:
            return Attach{text(), text(), id()};
        case Kind::start:
            return Start{id(), map()};
        default:
            return Close{};
    }
}

Response HeaderReader::response() {
    Response response{id(), map_or_nil(), map_or_nil(), content()};
    if (response.error && !response.content.empty()) misfit("an error has no content");
    return response;
}

Value HeaderReader::next() {
    ++place_;
    return place_ < elements_.size() ? std::move(elements_[place_]) : Value();
}

std::uint64_t HeaderReader::integer(std::uint64_t least, std::uint64_t most) {
    const auto number = next().integer();
    if (!number || !number->lies_in(static_cast<std::int64_t>(least), most)) {
        misfit(concat("an integer from ", least, " to ", most));
    }
    return *number->as_unsigned();
}

std::uint32_t HeaderReader::id() { return static_cast<std::uint32_t>(integer(0, limits::max_id)); }

std::string HeaderReader::text() {
    auto value = next();
    auto* text = value.as<std::string>();
    if (text == nullptr) misfit("a text");
    return std::move(*text);
}

Map HeaderReader::map() {
    auto map = map_or_nil();
    if (!map) misfit("a map");
    return *std::move(map);
}

std::optional<Map> HeaderReader::map_or_nil() {
    auto value = next();
    if (value.is_nil()) return {};
    auto* map = value.as<Map>();
    if (map == nullptr) misfit("a map");
    return std::move(*map);
}

Content HeaderReader::content() {
    const auto value = next();
    if (value.is_nil()) return frame_;
    const auto* binary = value.as<Content>();
    if (binary == nullptr) misfit("content must be nil or binary");
    if (binary->empty()) return frame_;
    if (!frame_.empty()) misfit("content here and in a second frame");
    return *binary;
}

void HeaderReader::check_without_content() const {
    if (!frame_.empty()) throw ProtocolError(concat(name_of(kind_), " has no content"));
}

void HeaderReader::misfit(std::string_view what) const {
    throw ProtocolError(concat(name_of(kind_), "[", place_, "]: ", what));
}

}  // namespace storagedriver
