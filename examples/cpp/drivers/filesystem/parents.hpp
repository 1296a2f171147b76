/// The directories above one path: made on the way to a write, pruned after a removal.
///
/// A directory exists only while something is in it, so two calls may meet: one has just made or
/// found a directory which the other, having emptied it, removes. The one who writes goes back and
/// makes it again; the one who removes leaves whatever is not empty.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem/root.hpp"
#include "filesystem/system.hpp"

namespace drivers::files {

/// The chain of directories from the root to the one that a path stands in.
class Parents {
  public:
    /// Nothing is opened yet. `root` and `path` outlive this.
    Parents(const Root& root, std::string_view path);

    std::string_view path() const { return path_; }
    /// The last name of the path.
    const std::string& leaf() const { return names_.leaf; }
    /// The directory that the path stands in, once that was found or made.
    int directory() const { return at(opened_.size()); }

    /// The status of what is at the path, nothing if nothing that shows is.
    std::optional<Status> look();

    /// Make the chain, and call `put` with its last directory. It is called again after a directory
    /// has vanished, and after an empty one at the leaf was removed.
    void place(const std::function<void(int directory)>& put);

    /// Sync the leaf's entry, and that of each directory which was made on the way to it. Throws
    /// std::system_error.
    void sync() const;

    /// Remove the directories of the chain that are empty, from the last one up.
    void prune() const;

    /// Nothing of a failed write stays, also not the directories that it made.
    void undo() const;

  private:
    int at(std::size_t depth) const;
    bool find();
    bool make();
    void remove_leftover() const;

    const Root& root_;
    std::string_view path_;
    SplitPath names_;
    std::vector<File> opened_;
    // How many of the directories are older than this call.
    std::size_t found_;
};

/// Run an action, which must leave nothing when it fails.
template <class Action>
decltype(auto) undoing(const Parents& parents, Action&& action) {
    try {
        return action();
    } catch (...) {
        parents.undo();
        throw;
    }
}

}  // namespace drivers::files
