#include "filesystem/entries.hpp"

#include <dirent.h>

#include <memory>

#include "filesystem/system.hpp"

namespace drivers::files {
namespace {

struct Closing {
    void operator()(DIR* stream) const { ::closedir(stream); }
};

/// With a position of its own, whoever else reads the directory.
std::unique_ptr<DIR, Closing> open_stream(int directory) {
    const auto descriptor = ::openat(directory, ".", directory_reading);
    if (descriptor < 0) throw_errno(errno);
    auto* stream = ::fdopendir(descriptor);
    if (stream == nullptr) {
        const auto error = errno;
        const File closed(descriptor);
        throw_errno(error);
    }
    return std::unique_ptr<DIR, Closing>(stream);
}

EntryKind kind_of(int directory, const dirent& entry) {
    switch (entry.d_type) {
        case DT_REG:
            return EntryKind::file;
        case DT_DIR:
            return EntryKind::directory;
        case DT_UNKNOWN:
            break;
        default:
            return EntryKind::other;
    }
    // Not every file system tells what an entry is.
    const auto status = try_status(directory, entry.d_name);
    if (status.error != 0) return EntryKind::other;
    if (is_file(status.value)) return EntryKind::file;
    return is_directory(status.value) ? EntryKind::directory : EntryKind::other;
}

}  // namespace

std::vector<DirectoryEntry> all_entries(int directory) {
    std::vector<DirectoryEntry> entries;
    const auto stream = open_stream(directory);
    while (true) {
        errno = 0;
        const auto* entry = ::readdir(stream.get());
        if (entry == nullptr && errno != 0) throw_errno(errno);
        if (entry == nullptr) return entries;
        std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        const auto kind = kind_of(directory, *entry);
        entries.push_back({std::move(name), kind});
    }
}

}  // namespace drivers::files
