/// What is in a directory.

#pragma once

#include <string>
#include <vector>

namespace drivers::files {

enum class EntryKind { file, directory, other };

struct DirectoryEntry {
    std::string name;
    EntryKind kind;
};

/// All that is in a directory, in no order.
std::vector<DirectoryEntry> all_entries(int directory);

}  // namespace drivers::files
