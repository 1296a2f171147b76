/// Reading an object as a stream.

#pragma once

#include <string>

#include "filesystem/system.hpp"

namespace drivers::files {

/// Reads an open file from an offset to the size that it had when it was opened.
///
/// A file that is written in place meanwhile may show what is new, but if it was cut the stream
/// fails and does not end early.
class FileStream : public storagedriver::ReadStream {
  public:
    FileStream(File file, const Status& status, std::uint64_t offset, std::string_view path)
        : file_(std::move(file)), status_(status), path_(path), position_(offset) {}

    std::optional<std::uint64_t> size() const override { return size_of(status_); }
    std::string version() const override;
    storagedriver::Content read(std::size_t limit) override;

  private:
    File file_;
    Status status_;
    std::string path_;
    std::uint64_t position_;
};

}  // namespace drivers::files
