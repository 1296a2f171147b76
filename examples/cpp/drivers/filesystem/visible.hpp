/// What of the files below the root shows: objects, and directories in which, however deep, one is.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem/entries.hpp"
#include "filesystem/system.hpp"

namespace drivers::files {

/// A path of 1,024 bytes goes no deeper.
inline constexpr std::size_t max_depth = 512;

/// Whether a path can lead to a file of this name.
bool is_name(std::string_view name);

/// What callers see of a file or directory with this status.
storagedriver::FileInfo file_info(std::string_view path, const Status& status);

/// The status of the object or directory `name` in `parent`, nothing if nothing shows there.
std::optional<Status> shown_status(int parent, const std::string& name, std::string_view path);

/// The files and directories that a path can lead to, in no order. The directories may hold no
/// object.
std::vector<DirectoryEntry> entries_of(int directory);

/// The names that show in a directory, in byte order.
std::vector<std::string> shown_names(int directory);

/// Whether an object is in the directory, itself at `depth`, or below it.
bool holds_object(int directory, std::size_t depth = 0);

/// As `holds_object`, of the directory `name` in `parent`; false if there is none.
bool holds_object_in(int parent, const std::string& name, std::size_t depth = 0);

}  // namespace drivers::files
