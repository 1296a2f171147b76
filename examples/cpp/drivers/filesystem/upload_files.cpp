#include "filesystem/upload_files.hpp"

#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "filesystem/entries.hpp"
#include "filesystem/staging.hpp"
#include "listed.hpp"
#include "parameters.hpp"
#include "storagedriver/error.hpp"
#include "storagedriver/log.hpp"

namespace drivers::files {

using namespace storagedriver;

namespace {

/// In the root, and so on its file system: a rename from here is atomic.
constexpr auto directory_name = ".uploads~";
constexpr std::string_view content_suffix = ".data~";
constexpr std::string_view path_suffix = ".path~";

std::string path_name(const std::string& id) { return id + std::string(path_suffix); }

bool is_id(std::string_view id) {
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return id.size() == 32 && std::ranges::all_of(id, is_hex);
}

/// The ids of which there is a file of this kind.
std::vector<std::string> ids(int directory, std::string_view suffix) {
    std::vector<std::string> found;
    for (const auto& entry : all_entries(directory)) {
        std::string_view id = entry.name;
        if (!id.ends_with(suffix)) continue;
        id.remove_suffix(suffix.size());
        if (is_id(id)) found.emplace_back(id);
    }
    return found;
}

/// The path of an upload, nothing if there is none or it is no whole one.
std::optional<std::string> read_path(int directory, const std::string& id) {
    auto opened = try_open(directory, path_name(id), reading);
    if (opened.error == ENOENT) return {};
    const auto file = std::move(opened).or_throw();
    std::array<std::byte, 4'096> buffer{};
    const auto length = read_at(file.descriptor(), buffer, 0);
    std::string path(reinterpret_cast<const char*>(buffer.data()), length);
    // The newline at the end: what a power cut has cut short cannot pass for another path.
    if (!path.ends_with('\n')) return {};
    path.pop_back();
    try {
        components(path);
    } catch (const InvalidPath&) {
        return {};
    }
    return path;
}

File make_files(int directory, const std::string& id, std::string_view path) {
    const auto named = open_in(directory, path_name(id), making);
    const auto line = std::string(path) + "\n";
    write_at(named.descriptor(), std::as_bytes(std::span(line)), 0);
    sync(named.descriptor());
    auto content = open_in(directory, content_name(id), making);
    sync(directory);
    return content;
}

void remove_stale(int directory, const std::string& id, const std::string& name,
                  std::int64_t stale_before) {
    const auto file = open_in(directory, name, reading_and_writing);
    if (try_lock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) return;
    // Looked at under the lock: a writer may have come by.
    const auto status = status_of(file.descriptor());
    const auto there = try_status(directory, name).or_throw();
    if (mod_time_of(status).seconds < stale_before && is_same(status, there)) {
        remove_upload(directory, id);
    }
}

void sweep_upload(int directory, const std::string& id, std::int64_t expiry_seconds) {
    const auto has_content = try_status(directory, content_name(id)).error == 0;
    const auto seconds = has_content ? expiry_seconds : stale_seconds;
    if (seconds == 0) return;
    try {
        remove_stale(directory, id, has_content ? content_name(id) : path_name(id),
                     Time::now().seconds - seconds);
    } catch (const std::system_error&) {
        // One that is another's to remove is no reason to leave the others.
    }
}

}  // namespace

std::string content_name(const std::string& id) { return id + std::string(content_suffix); }

void throw_no_such_upload(std::string_view path) {
    throw PathNotFound(path, "there is no such upload");
}

File open_uploads(const Root& root) {
    return open_in(root.descriptor(), directory_name, directory_reading);
}

std::pair<std::string, File> make_upload(const Root& root, std::string_view path) {
    auto id = random_name();
    const auto directory = open_or_make(root, directory_name);
    try {
        auto content = make_files(directory.descriptor(), id, path);
        return {std::move(id), std::move(content)};
    } catch (const std::system_error&) {
        remove_upload(directory.descriptor(), id);
        throw;
    }
}

File find_upload(const Root& root, std::string_view path, const std::string& id) {
    if (!is_id(id)) throw_no_such_upload(path);
    try {
        const auto directory = open_uploads(root);
        if (read_path(directory.descriptor(), id) != path) throw_no_such_upload(path);
        auto content = open_in(directory.descriptor(), content_name(id), reading_and_writing);
        if (!is_file(status_of(content.descriptor()))) throw_no_such_upload(path);
        return content;
    } catch (const std::system_error& error) {
        if (error.code().value() == ENOENT) throw_no_such_upload(path);
        throw;
    }
}

std::vector<UploadInfo> uploads_below(const Root& root, std::string_view prefix) {
    auto opened = try_open(root.descriptor(), directory_name, directory_reading);
    if (opened.error == ENOENT) return {};
    const auto directory = std::move(opened).or_throw();
    std::vector<UploadInfo> found;
    for (const auto& id : ids(directory.descriptor(), content_suffix)) {
        const auto path = read_path(directory.descriptor(), id);
        const auto status = try_status(directory.descriptor(), content_name(id));
        // It may have ended meanwhile.
        if (path && status.error == 0 && is_at_or_below(*path, prefix)) {
            found.push_back({id, *path, size_of(status.value), mod_time_of(status.value)});
        }
    }
    return found;
}

void remove_upload(int directory, const std::string& id) {
    for (const auto& name : {content_name(id), path_name(id)}) {
        const auto error = try_unlink(directory, name);
        if (error != 0 && error != ENOENT) throw_errno(error);
    }
}

void sweep_uploads(const Root& root, std::int64_t expiry_seconds) {
    const auto opened = try_open(root.descriptor(), directory_name, directory_reading);
    if (opened.error != 0) return;
    try {
        for (const auto& id : ids(opened.value.descriptor(), path_suffix)) {
            sweep_upload(opened.value.descriptor(), id, expiry_seconds);
        }
    } catch (const std::system_error& error) {
        log(LogLevel::warning, std::string("old uploads are not swept: ") + error.what());
    }
}

}  // namespace drivers::files
