/// The elements of a header, by the kind of message. See section 3.2 of the protocol.

#pragma once

#include "message.hpp"

namespace storagedriver {

/// Takes the elements of a header one after another, and the second frame.
class HeaderReader {
  public:
    /// A header has at least what its kind needs.
    HeaderReader(Array elements, Content frame);

    Message message();

  private:
    Response response();
    Value next();
    std::uint64_t integer(std::uint64_t least, std::uint64_t most);
    std::uint32_t id();
    std::string text();
    Map map();
    std::optional<Map> map_or_nil();
    Content content();
    void check_without_content() const;
    [[noreturn]] void misfit(std::string_view what) const;

    Array elements_;
    Content frame_;
    Kind kind_;
    std::size_t place_ = 0;
};

}  // namespace storagedriver
