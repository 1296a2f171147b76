#include "filesystem/visible.hpp"

#include <algorithm>
#include <cerrno>

namespace drivers::files {

using storagedriver::FileInfo;

bool is_name(std::string_view name) {
    const auto is_legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name != "." && name != ".." && std::ranges::all_of(name, is_legal);
}

FileInfo file_info(std::string_view path, const Status& status) {
    if (is_directory(status)) return FileInfo::directory(path);
    return FileInfo::object(path, size_of(status), mod_time_of(status));
}

std::optional<Status> shown_status(int parent, const std::string& name, std::string_view path) {
    const auto attempt = try_status(parent, name);
    if (attempt.error == ENOENT) return {};
    if (attempt.error != 0) throw_contract_error(attempt.error, path);
    if (is_file(attempt.value)) return attempt.value;
    if (!is_directory(attempt.value)) throw_in_the_way(path);
    const auto is_shown = about(path, [&] { return holds_object_in(parent, name); });
    return is_shown ? std::optional(attempt.value) : std::nullopt;
}

std::vector<DirectoryEntry> entries_of(int directory) {
    auto entries = all_entries(directory);
    std::erase_if(entries, [](const DirectoryEntry& entry) {
        return entry.kind == EntryKind::other || !is_name(entry.name);
    });
    return entries;
}

std::vector<std::string> shown_names(int directory) {
    std::vector<std::string> names;
    for (auto& entry : entries_of(directory)) {
        if (entry.kind == EntryKind::file || holds_object_in(directory, entry.name, 1)) {
            names.push_back(std::move(entry.name));
        }
    }
    std::ranges::sort(names);
    return names;
}

bool holds_object(int directory, std::size_t depth) {
    const auto entries = entries_of(directory);
    if (std::ranges::find(entries, EntryKind::file, &DirectoryEntry::kind) != entries.end()) {
        return true;
    }
    return depth < max_depth && std::ranges::any_of(entries, [&](const DirectoryEntry& entry) {
               return holds_object_in(directory, entry.name, depth + 1);
           });
}

bool holds_object_in(int parent, const std::string& name, std::size_t depth) {
    const auto directory = try_open(parent, name, directory_reading);
    switch (directory.error) {
        case 0:
            return holds_object(directory.value.descriptor(), depth);
        case ENOENT:
        case ENOTDIR:
        case ELOOP:
            return false;
        case EACCES:
            // It cannot be looked into, so there may be something in it.
            return true;
        default:
            throw_errno(directory.error);
    }
}

}  // namespace drivers::files
