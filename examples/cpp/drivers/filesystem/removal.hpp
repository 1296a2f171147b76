/// Removing whole directories, by descriptor, no link followed.

#pragma once

#include <string>

#include "storagedriver/error.hpp"

namespace drivers::files {

/// Remove a directory and all that is in it, also what does not show; return what is left.
///
/// Goes on after a failure. What others put there meanwhile may stay, and is no failure.
storagedriver::Failed remove_tree(int parent, const std::string& name, const std::string& path);

/// Remove a directory in which, at any depth, there is nothing but directories.
void remove_empty_directories(int parent, const std::string& name);

}  // namespace drivers::files
