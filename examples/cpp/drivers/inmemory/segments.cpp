#include "segments.hpp"

#include <algorithm>

namespace drivers {

using storagedriver::Content;
using storagedriver::ContentBuffer;

namespace {

/// Neighbours that are together no longer than this become one: many small appends then cost no
/// long list, and no byte is copied often.
constexpr std::size_t joined_bytes = 65'536;

/// Of a piece of a frame the rest would be held too, and so small pieces are copied.
constexpr std::size_t shared_bytes = 16'384;

Content join(const Content& one, const Content& other) {
    ContentBuffer joined(one.size() + other.size());
    joined.append(one.bytes());
    joined.append(other.bytes());
    return joined.take();
}

}  // namespace

void Segments::append(const Content& bytes) {
    if (bytes.empty()) return;
    size_ += bytes.size();
    if (!runs_.empty() && runs_.back().size() + bytes.size() <= joined_bytes) {
        runs_.back() = join(runs_.back(), bytes);
    } else {
        runs_.push_back(bytes.size() < shared_bytes ? Content::copy_of(bytes.bytes()) : bytes);
    }
}

void Segments::append(const Segments& more) {
    for (const auto& run : more.runs_) append(run);
}

Segments Segments::first(std::uint64_t bytes) const {
    Segments kept;
    for (const auto& run : runs_) {
        const auto left = bytes - kept.size_;
        if (left == 0) break;
        const auto length = std::min<std::uint64_t>(left, run.size());
        kept.runs_.push_back(run.part(0, length));
        kept.size_ += length;
    }
    return kept;
}

}  // namespace drivers
