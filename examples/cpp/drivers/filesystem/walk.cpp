#include "filesystem/walk.hpp"

#include <algorithm>
#include <cerrno>

#include "filesystem/visible.hpp"

namespace drivers::files {

using storagedriver::FileInfo;

FileWalk::FileWalk(File directory, std::string_view path, std::string_view start_after)
    : start_after_(start_after) {
    enter(std::move(directory), path);
}

std::optional<FileInfo> FileWalk::next() {
    while (!levels_.empty()) {
        auto& visits = levels_.back().visits;
        if (visits.empty()) {
            levels_.pop_back();
            continue;
        }
        const auto following = std::move(visits.back());
        visits.pop_back();
        if (auto found = visit(following)) return found;
    }
    return {};
}

void FileWalk::enter(File directory, std::string_view path) {
    const auto prefix = std::string(path == "/" ? "" : path) + "/";
    std::vector<Visit> visits;
    for (const auto& entry : about(path, [&] { return entries_of(directory.descriptor()); })) {
        const auto is_directory = entry.kind == EntryKind::directory;
        auto below = prefix + entry.name;
        // All that is below it sorts before its path and "0", as "0" follows "/".
        const auto last = is_directory ? below + "0" : below;
        if (last <= start_after_) continue;
        visits.push_back({is_directory ? below + "/" : below, below, is_directory});
    }
    std::ranges::sort(visits, std::ranges::greater(), &Visit::sort_key);
    levels_.push_back({std::move(directory), std::move(visits)});
}

std::optional<FileInfo> FileWalk::visit(const Visit& visit) {
    const auto directory = levels_.back().directory.descriptor();
    const auto name = visit.path.substr(visit.path.rfind('/') + 1);
    // What vanishes meanwhile is left out, or is another by now.
    if (!visit.is_directory) {
        const auto status = try_status(directory, name);
        if (status.error == ENOENT) return {};
        if (status.error != 0) throw_contract_error(status.error, visit.path);
        return is_file(status.value) ? std::optional(file_info(visit.path, status.value))
                                     : std::nullopt;
    }
    if (levels_.size() > max_depth) return {};
    auto below = try_open(directory, name, directory_reading);
    if (below.error == ENOENT || below.error == ENOTDIR) return {};
    if (below.error != 0) throw_contract_error(below.error, visit.path);
    enter(std::move(below.value), visit.path);
    return {};
}

}  // namespace drivers::files
