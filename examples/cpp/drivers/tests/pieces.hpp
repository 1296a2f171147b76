/// A source of writes, made of pieces.

#pragma once

#include <exception>
#include <string>
#include <vector>

#include "storagedriver/driver.hpp"

namespace drivers::testing {

/// Gives its pieces, and then an error if there is one.
class Pieces : public storagedriver::Reader {
  public:
    explicit Pieces(std::vector<std::string> pieces, std::exception_ptr error = nullptr)
        : pieces_(std::move(pieces)), error_(std::move(error)) {}

    storagedriver::Content next() override {
        if (next_ < pieces_.size()) return storagedriver::Content::copy_of(pieces_[next_++]);
        if (error_) std::rethrow_exception(error_);
        return {};
    }

  private:
    std::vector<std::string> pieces_;
    std::exception_ptr error_;
    std::size_t next_ = 0;
};

/// All that a stream gives, in pieces of at most `limit` bytes.
inline std::string read_all(storagedriver::ReadStream& stream, std::size_t limit = 1 << 20) {
    std::string text;
    for (auto piece = stream.read(limit); !piece.empty(); piece = stream.read(limit)) {
        for (const auto byte : piece.bytes()) text += static_cast<char>(byte);
    }
    return text;
}

}  // namespace drivers::testing
