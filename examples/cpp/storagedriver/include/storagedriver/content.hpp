/// Content: bytes that nobody changes any more, shared without copying them.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace storagedriver {

using Bytes = std::span<const std::byte>;

/// Bytes together with whatever keeps them alive. A copy shares them.
class Content {
  public:
    Content() = default;

    /// `bytes` stay valid and unchanged as long as `owner` lives.
    Content(std::shared_ptr<const void> owner, Bytes bytes) noexcept
        : owner_(std::move(owner)), bytes_(bytes) {}

    static Content copy_of(Bytes bytes);
    static Content copy_of(std::string_view text) {
        return copy_of(std::as_bytes(std::span(text)));
    }

    Bytes bytes() const noexcept { return bytes_; }
    std::size_t size() const noexcept { return bytes_.size(); }
    bool empty() const noexcept { return bytes_.empty(); }

    /// So many bytes from `start` on, sharing them. Both must lie within.
    Content part(std::size_t start, std::size_t length) const noexcept {
        return {owner_, bytes_.subspan(start, length)};
    }

    /// Whether the bytes are equal.
    friend bool operator==(const Content& one, const Content& other);

  private:
    std::shared_ptr<const void> owner_;
    Bytes bytes_;
};

/// Memory that is filled once and then given away as content. It is not cleared before.
class ContentBuffer {
  public:
    explicit ContentBuffer(std::size_t capacity);

    /// What is not filled yet, at its beginning.
    std::span<std::byte> room() noexcept { return {memory_.get() + filled_, capacity_ - filled_}; }

    /// Count so many bytes at the beginning of the room as filled.
    void fill(std::size_t bytes) noexcept { filled_ += bytes; }

    /// Copy bytes into the room, which must be large enough.
    void append(Bytes bytes) noexcept;

    std::size_t size() const noexcept { return filled_; }

    /// What was filled. The buffer must not be used afterwards.
    Content take() noexcept { return {memory_, {memory_.get(), filled_}}; }

  private:
    std::shared_ptr<std::byte[]> memory_;
    std::size_t capacity_;
    std::size_t filled_ = 0;
};

}  // namespace storagedriver
