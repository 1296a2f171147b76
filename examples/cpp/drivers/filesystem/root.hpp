/// Files below one root directory, and nowhere else, whatever stands in the way.
///
/// A path is walked component by component, each opened in the directory before it and no link
/// followed: there is no moment at which another process could swap one in.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/system.hpp"

namespace drivers::files {

/// The names of the directories above a path, and its own.
struct SplitPath {
    std::vector<std::string> above;
    std::string leaf;
};

/// The names that `path` consists of, none for `/`.
///
/// The host has checked the path, but a `..` that got past it would lead to what is another's:
/// InvalidPath.
std::vector<std::string> components(std::string_view path);

/// `/` is InvalidPath.
SplitPath split(std::string_view path);

/// The root directory, open.
class Root {
  public:
    /// Open it; make it, and what is missing above it. Links may lead to it, as it is the place
    /// that was asked for.
    explicit Root(const std::string& directory);

    int descriptor() const { return directory_.descriptor(); }

    /// Open an object for reading.
    std::pair<File, Status> open_object(std::string_view path) const;

    /// Open a directory for listing, whether or not an object is in it.
    File open_directory(std::string_view path) const;

    /// The status of the object or directory at `path`.
    Status shown_status(std::string_view path) const;

  private:
    /// The last directory of a way down; not open where that is the root.
    File open_above(std::span<const std::string> names, std::string_view path) const;
    int or_root(const File& file) const;

    File directory_;
};

}  // namespace drivers::files
