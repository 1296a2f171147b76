/// The nine kinds of messages, and their headers. See section 3 of the protocol.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "codec.hpp"
#include "storagedriver/value.hpp"

namespace storagedriver {

/// The kinds, with the numbers that they have on the wire.
enum class Kind { request, response, chunk, credit, end, cancel, attach, start, close };

/// Its name in the protocol.
std::string_view name_of(Kind kind);

// Content that is empty is none. The protocol says what each element is.

struct Request {
    std::uint32_t id = 0;
    std::string method;
    Map params;
    Content content;
};

struct Response {
    std::uint32_t id = 0;
    std::optional<Map> error;
    std::optional<Map> result;
    Content content;
};

struct Chunk {
    std::uint32_t id = 0;
    Content content;
};

struct Credit {
    std::uint32_t id = 0;
    std::uint64_t bytes = 0;
};

struct End {
    std::uint32_t id = 0;
    Content content;
};

struct Cancel {
    std::uint32_t id = 0;
};

struct Attach {
    std::string token;
    std::string version;
    std::uint32_t pid = 0;
};

struct Start {
    std::uint32_t id = 0;
    Map info;
};

struct Close {};

/// One message; the alternatives are in the order of `Kind`.
using Message = std::variant<Request, Response, Chunk, Credit, End, Cancel, Attach, Start, Close>;

inline Kind kind_of(const Message& message) { return static_cast<Kind>(message.index()); }

/// A message as it travels.
struct Frames {
    Buffer header;
    /// The second frame; empty if there is none.
    Content content;
};

/// Content that is too long to ride in the header becomes the second frame. ProtocolError if the
/// header would be too long.
Frames encode_message(Message message);

/// The message of a header, and of the second frame or empty content.
Message decode_message(Bytes header, Content frame);

}  // namespace storagedriver
