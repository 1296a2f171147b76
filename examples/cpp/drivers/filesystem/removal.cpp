#include "filesystem/removal.hpp"

#include <cerrno>

#include "filesystem/entries.hpp"
#include "filesystem/system.hpp"

namespace drivers::files {

using storagedriver::Error;
using storagedriver::Failed;

namespace {

void check_unless_gone(int error) {
    if (error != 0 && error != ENOENT) throw_errno(error);
}

void remove_entry(int directory, const DirectoryEntry& entry, const std::string& path,
                  Failed& failed) {
    try {
        about(path, [&] {
            if (entry.kind != EntryKind::directory) {
                check_unless_gone(try_unlink(directory, entry.name));
                return;
            }
            const auto more = remove_tree(directory, entry.name, path);
            failed.insert(failed.end(), more.begin(), more.end());
        });
    } catch (const Error& error) {
        if (error.code() != storagedriver::ErrorCode::path_not_found) {
            failed.emplace_back(path, error.code_name());
        }
    }
}

}  // namespace

Failed remove_tree(int parent, const std::string& name, const std::string& path) {
    Failed failed;
    const auto directory = open_in(parent, name, directory_reading);
    for (const auto& entry : all_entries(directory.descriptor())) {
        remove_entry(directory.descriptor(), entry, path + "/" + entry.name, failed);
    }
    // Where it cannot be removed it is empty of all that was found, and does not show.
    if (failed.empty()) static_cast<void>(try_remove_directory(parent, name));
    return failed;
}

void remove_empty_directories(int parent, const std::string& name) {
    const auto directory = open_in(parent, name, directory_reading);
    for (const auto& entry : all_entries(directory.descriptor())) {
        if (entry.kind == EntryKind::directory) {
            remove_empty_directories(directory.descriptor(), entry.name);
        }
    }
    const auto error = try_remove_directory(parent, name);
    if (error != 0) throw_errno(error);
}

}  // namespace drivers::files
