#include "uploads.hpp"

#include <vector>

#include "storagedriver/log.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

void check_offset(const std::string& path, const Upload& writer, std::uint64_t offset) {
    if (writer.size() != offset) throw InvalidOffset(path, offset, writer.size());
}

}  // namespace

struct OpenUploads::Open {
    std::string path;
    std::mutex mutex;
    // For one thread at a time. Null once it has ended, or another has come into its place.
    std::unique_ptr<Upload> writer;

    std::unique_ptr<Upload> take() {
        const std::lock_guard lock(mutex);
        return std::move(writer);
    }
};

std::pair<std::string, std::uint64_t> OpenUploads::open(std::string_view path,
                                                        std::optional<std::string_view> upload_id) {
    auto writer = driver_.open_upload(path, upload_id);
    const auto id = writer->upload_id();
    const auto size = writer->size();
    auto opened = std::make_shared<Open>();
    opened->path = path;
    opened->writer = std::move(writer);
    {
        const std::lock_guard lock(mutex_);
        std::swap(open_[id], opened);
    }
    // By now `opened` is the former one.
    if (opened != nullptr) {
        if (const auto former = opened->take()) former->close();
    }
    return {id, size};
}

void OpenUploads::check(std::string_view upload_id, std::uint64_t offset) {
    step(upload_id, Then::keep,
         [&](const std::string& path, Upload& writer) { check_offset(path, writer, offset); });
}

std::uint64_t OpenUploads::write(std::string_view upload_id, std::uint64_t offset,
                                 const Content& content) {
    const auto expected = offset + content.size();
    step(upload_id, Then::keep, [&](const std::string& path, Upload& writer) {
        check_offset(path, writer, offset);
        try {
            writer.write(content);
        } catch (Error& error) {
            const auto is_known = error.code() != ErrorCode::path_not_found;
            if (is_known && !error.stored) error.stored = writer.size();
            throw;
        }
        if (writer.size() != expected) {
            throw Internal(concat("The driver tells a size of ", writer.size(), ", given ",
                                  content.size(), " at ", offset));
        }
    });
    return expected;
}

void OpenUploads::commit(std::string_view upload_id, std::optional<std::uint64_t> size,
                         std::optional<std::string_view> digest) {
    step(upload_id, Then::end,
         [&](const std::string&, Upload& writer) { writer.commit(size, digest); });
}

void OpenUploads::cancel(std::string_view upload_id) {
    step(upload_id, Then::end, [](const std::string&, Upload& writer) { writer.cancel(); });
}

void OpenUploads::close(std::string_view upload_id) {
    const auto found = find(upload_id);
    if (found == nullptr) return;
    forget(upload_id, found);
    if (const auto writer = found->take()) writer->close();
}

void OpenUploads::close_all() {
    std::vector<std::string> ids;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, open] : open_) ids.push_back(id);
    }
    for (const auto& id : ids) {
        try {
            close(id);
        } catch (const std::exception& error) {
            log(LogLevel::warning, concat("an upload could not be closed: ", error.what()));
        }
    }
}

void OpenUploads::step(std::string_view upload_id, Then then,
                       const std::function<void(const std::string&, Upload&)>& act) {
    while (const auto found = find(upload_id)) {
        const std::lock_guard lock(found->mutex);
        // While this waited another may have come into its place.
        if (found->writer == nullptr) {
            forget(upload_id, found);
            continue;
        }
        act(found->path, *found->writer);
        if (then == Then::end) {
            found->writer.reset();
            forget(upload_id, found);
        }
        return;
    }
    throw PathNotFound(upload_id, "no such upload is open");
}

std::shared_ptr<OpenUploads::Open> OpenUploads::find(std::string_view upload_id) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(upload_id);
    return found == open_.end() ? nullptr : found->second;
}

void OpenUploads::forget(std::string_view upload_id, const std::shared_ptr<Open>& ended) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(upload_id);
    if (found != open_.end() && found->second == ended) open_.erase(found);
}

}  // namespace storagedriver
