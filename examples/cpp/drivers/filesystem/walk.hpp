/// The walk: every object below a directory, in byte order of the path.
///
/// What is in memory are the names in the directories on the way down to the current one.

#pragma once

#include <string>
#include <vector>

#include "filesystem/system.hpp"
#include "storagedriver/driver.hpp"

namespace drivers::files {

/// A stack of its own, not recursion: it stops between any two objects.
class FileWalk : public storagedriver::Listing<storagedriver::FileInfo> {
  public:
    /// Of what is below `directory`, which is open at `path`, and sorts behind `start_after`.
    FileWalk(File directory, std::string_view path, std::string_view start_after);

    std::optional<storagedriver::FileInfo> next() override;

  private:
    struct Visit {
        // What is below a directory stands where its path and a slash would: /a-b before /a/b.
        std::string sort_key;
        std::string path;
        bool is_directory;
    };

    /// One directory on the way down, and what is still to visit in it, the next one last.
    struct Level {
        File directory;
        std::vector<Visit> visits;
    };

    void enter(File directory, std::string_view path);
    std::optional<storagedriver::FileInfo> visit(const Visit& visit);

    std::string start_after_;
    std::vector<Level> levels_;
};

}  // namespace drivers::files
