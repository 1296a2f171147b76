#include "message.hpp"

#include "header.hpp"
#include "limits.hpp"
#include "storagedriver/error.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

Value or_nil(std::optional<Map> map) { return map ? Value(*std::move(map)) : Value(); }

/// The elements of a header but for the content.
struct Elements {
    Array operator()(Request& request) const {
        return {0, request.id, std::move(request.method), std::move(request.params)};
    }
    Array operator()(Response& response) const {
        return {1, response.id, or_nil(std::move(response.error)),
                or_nil(std::move(response.result))};
    }
    Array operator()(const Chunk& chunk) const { return {2, chunk.id}; }
    Array operator()(const Credit& credit) const { return {3, credit.id, credit.bytes}; }
    Array operator()(const End& end) const { return {4, end.id}; }
    Array operator()(const Cancel& cancel) const { return {5, cancel.id}; }
    Array operator()(Attach& attach) const {
        return {6, std::move(attach.token), std::move(attach.version), attach.pid};
    }
    Array operator()(Start& start) const { return {7, start.id, std::move(start.info)}; }
    Array operator()(const Close&) const { return {8}; }
};

Content content_of(const Message& message) {
    return std::visit(
        [](const auto& one) -> Content {
            if constexpr (requires { one.content; }) return one.content;
            return {};
        },
        message);
}

}  // namespace

std::string_view name_of(Kind kind) {
    constexpr std::string_view names[] = {"REQUEST", "RESPONSE", "CHUNK", "CREDIT", "END",
                                          "CANCEL",  "ATTACH",   "START", "CLOSE"};
    return names[static_cast<std::size_t>(kind)];
}

Frames encode_message(Message message) {
    Frames frames;
    frames.content = content_of(message);
    auto elements = std::visit(Elements(), message);
    if (!frames.content.empty() && frames.content.size() <= limits::inline_content_bytes) {
        elements.emplace_back(std::exchange(frames.content, {}));
    }
    encode(std::move(elements), frames.header);
    if (frames.header.size() > limits::max_header_bytes) {
        throw ProtocolError(concat(name_of(kind_of(message)), " would have a header of ",
                                   frames.header.size(), " bytes"));
    }
    return frames;
}

Message decode_message(Bytes header, Content frame) {
    if (header.size() > limits::max_header_bytes) {
        throw ProtocolError(concat("a header of ", header.size(), " bytes"));
    }
    return HeaderReader(decode_array(header), std::move(frame)).message();
}

}  // namespace storagedriver
