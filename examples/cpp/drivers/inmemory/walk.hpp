/// The walk of the inmemory driver; each directory is seen as it is when the walk comes to it.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storagedriver/driver.hpp"

namespace drivers {

struct Store;

class InMemoryWalk : public storagedriver::Listing<storagedriver::FileInfo> {
  public:
    /// Of all that is below `path`, and sorts behind `start_after`.
    InMemoryWalk(std::shared_ptr<Store> store, std::string_view path, std::string_view start_after);

    std::optional<storagedriver::FileInfo> next() override;

  private:
    struct Visit {
        // What is below a directory stands where its path and a slash would: /a-b before /a/b.
        std::string sort_key;
        // None of a directory.
        std::optional<storagedriver::FileInfo> object;
    };

    void enter(std::string_view path);

    std::shared_ptr<Store> store_;
    std::string start_after_;
    // What is still to visit, the next one last.
    std::vector<Visit> visits_;
};

}  // namespace drivers
