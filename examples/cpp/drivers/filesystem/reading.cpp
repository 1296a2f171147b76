#include "filesystem/reading.hpp"

#include <algorithm>

#include "storagedriver/error.hpp"

namespace drivers::files {

using namespace storagedriver;

namespace {

void append_bytes(std::string& text, std::integral auto number) {
    const auto bytes = std::as_bytes(std::span(&number, 1));
    for (const auto byte : bytes) text += static_cast<char>(byte);
}

}  // namespace

/// The time of the last change of the inode is in it, because that of the content is ours to set.
std::string FileStream::version() const {
    std::string version;
    append_bytes(version, status_.st_dev);
    append_bytes(version, status_.st_ino);
    append_bytes(version, status_.st_size);
    for (const auto& time : {status_.st_mtim, status_.st_ctim}) {
        append_bytes(version, time.tv_sec);
        append_bytes(version, static_cast<std::uint32_t>(time.tv_nsec));
    }
    return version;
}

Content FileStream::read(std::size_t limit) {
    const auto size = size_of(status_);
    const auto left = size - std::min(size, position_);
    const auto wanted = std::min<std::uint64_t>(left, limit);
    if (wanted == 0) return {};
    ContentBuffer buffer(wanted);
    buffer.fill(
        about(path_, [&] { return read_at(file_.descriptor(), buffer.room(), position_); }));
    if (buffer.size() == 0) {
        throw ContentChanged(path_, "it ended at " + std::to_string(position_) + " of " +
                                        std::to_string(size) + " bytes");
    }
    position_ += buffer.size();
    return buffer.take();
}

}  // namespace drivers::files
