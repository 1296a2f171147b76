#include "storagedriver/content.hpp"

#include <algorithm>
#include <cstring>

namespace storagedriver {

Content Content::copy_of(Bytes bytes) {
    ContentBuffer buffer(bytes.size());
    buffer.append(bytes);
    return buffer.take();
}

bool operator==(const Content& one, const Content& other) {
    return std::ranges::equal(one.bytes(), other.bytes());
}

ContentBuffer::ContentBuffer(std::size_t capacity)
    : memory_(std::make_shared_for_overwrite<std::byte[]>(capacity)), capacity_(capacity) {}

void ContentBuffer::append(Bytes bytes) noexcept {
    // memcpy of nothing wants a pointer all the same.
    if (bytes.empty()) return;
    std::memcpy(memory_.get() + filled_, bytes.data(), bytes.size());
    filled_ += bytes.size();
}

}  // namespace storagedriver
