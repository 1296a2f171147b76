#include "filesystem/root.hpp"

#include <algorithm>
#include <cerrno>

#include "filesystem/visible.hpp"

namespace drivers::files {

using namespace storagedriver;

namespace {

constexpr int place = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// Make a directory and what is missing above it, each of them durable.
void make(const std::string& directory) {
    if (try_open(AT_FDCWD, directory, place).error != ENOENT) return;
    const auto slash = directory.find_last_of('/');
    const auto parent = slash == 0 ? "/" : directory.substr(0, slash);
    make(parent);
    const auto error = try_make_directory(AT_FDCWD, directory);
    // Another process may make it at the same moment; what is no directory does not open.
    if (error != 0 && error != EEXIST) throw_errno(error);
    sync(open_in(AT_FDCWD, parent, place).descriptor());
}

}  // namespace

std::vector<std::string> components(std::string_view path) {
    std::vector<std::string> names;
    if (path == "/") return names;
    auto rest = path;
    while (!rest.empty()) {
        if (rest.front() != '/') throw InvalidPath(path);
        rest.remove_prefix(1);
        const auto name = rest.substr(0, rest.find('/'));
        if (!is_name(name)) throw InvalidPath(path);
        names.emplace_back(name);
        rest.remove_prefix(name.size());
    }
    if (names.empty()) throw InvalidPath(path);
    return names;
}

SplitPath split(std::string_view path) {
    SplitPath split{components(path), {}};
    if (split.above.empty()) throw InvalidPath(path);
    split.leaf = std::move(split.above.back());
    split.above.pop_back();
    return split;
}

Root::Root(const std::string& directory) {
    about(directory, [&] {
        auto trimmed = directory;
        while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.pop_back();
        make(trimmed);
        directory_ = open_in(AT_FDCWD, trimmed, place);
    });
}

std::pair<File, Status> Root::open_object(std::string_view path) const {
    const auto names = split(path);
    const auto parent = open_above(names.above, path);
    return about(path, [&]() -> std::pair<File, Status> {
        auto opened = open_in(or_root(parent), names.leaf, reading);
        const auto status = status_of(opened.descriptor());
        if (is_file(status)) return {std::move(opened), status};
        if (!is_directory(status)) throw_in_the_way(path);
        if (holds_object(opened.descriptor())) throw IsADirectory(path);
        throw PathNotFound(path);
    });
}

File Root::open_directory(std::string_view path) const {
    auto above = components(path);
    // A listing moves a position that goes with the descriptor, so each needs its own.
    std::string leaf = ".";
    if (!above.empty()) {
        leaf = above.back();
        above.pop_back();
    }
    const auto parent = open_above(above, path);
    auto opened = try_open(or_root(parent), leaf, directory_reading);
    if (opened.error != 0) throw_directory_error(opened.error, or_root(parent), leaf, path);
    return std::move(opened.value);
}

Status Root::shown_status(std::string_view path) const {
    const auto [above, leaf] = split(path);
    const auto parent = open_above(above, path);
    const auto status = files::shown_status(or_root(parent), leaf, path);
    if (!status) throw PathNotFound(path);
    return *status;
}

File Root::open_above(std::span<const std::string> names, std::string_view path) const {
    File passed;
    for (const auto& name : names) {
        auto opened = try_open(or_root(passed), name, passing);
        if (opened.error != 0) throw_directory_error(opened.error, or_root(passed), name, path);
        passed = std::move(opened.value);
    }
    return passed;
}

int Root::or_root(const File& file) const {
    return file.descriptor() < 0 ? descriptor() : file.descriptor();
}

}  // namespace drivers::files
