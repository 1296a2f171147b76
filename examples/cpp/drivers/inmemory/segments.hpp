/// Contents in memory: runs of bytes that nobody changes, so that readers keep what they opened.

#pragma once

#include <cstdint>
#include <vector>

#include "storagedriver/content.hpp"

namespace drivers {

/// A content: the runs of bytes that it consists of, none of them empty. A copy shares them.
class Segments {
  public:
    /// In bytes.
    std::uint64_t size() const { return size_; }

    const std::vector<storagedriver::Content>& runs() const { return runs_; }

    /// Add bytes at the end. What a reader holds does not change.
    void append(const storagedriver::Content& bytes);

    /// Add another content at the end, sharing its runs.
    void append(const Segments& more);

    /// The first so many bytes, of which there are that many.
    Segments first(std::uint64_t bytes) const;

  private:
    std::vector<storagedriver::Content> runs_;
    std::uint64_t size_ = 0;
};

}  // namespace drivers
