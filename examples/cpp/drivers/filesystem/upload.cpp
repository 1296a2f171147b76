#include "filesystem/upload.hpp"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "filesystem/driver.hpp"
#include "filesystem/moving.hpp"
#include "filesystem/upload_files.hpp"
#include "storagedriver/log.hpp"

namespace drivers::files {

using namespace storagedriver;

namespace {

/// How much of a content is read at a time for its digest.
constexpr std::size_t piece_bytes = 1 << 20;

}  // namespace

class FileUpload::Held {
  public:
    /// Waits for whoever else holds it. ENOENT if it is none any more: then the file may be an
    /// object by now, and must not be touched.
    explicit Held(const FileUpload& upload)
        : directory_(open_uploads(*upload.root_)), content_(upload.content_.descriptor()) {
        const auto error = try_lock(content_, LOCK_EX);
        if (error != 0) throw_errno(error);
        const auto there = try_status(directory(), content_name(upload.id_));
        if (there.error != 0 || !is_same(there.value, status_of(content_))) {
            try_lock(content_, LOCK_UN);
            throw_errno(there.error != 0 ? there.error : ENOENT);
        }
    }
    ~Held() { try_lock(content_, LOCK_UN); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    int directory() const { return directory_.descriptor(); }

  private:
    File directory_;
    int content_;
};

FileUpload::FileUpload(std::shared_ptr<const Root> root, std::string_view path,
                       std::optional<std::string_view> id)
    : root_(std::move(root)), path_(path), id_(id.value_or("")) {
    if (id) {
        content_ = find_upload(*root_, path, id_);
    } else {
        std::tie(id_, content_) = make_upload(*root_, path);
    }
    size_ = stored();
}

void FileUpload::step(const std::function<void()>& act) const {
    try {
        act();
    } catch (const std::system_error& error) {
        if (error.code().value() == ENOENT) throw_no_such_upload(path_);
        throw_contract_error(error.code().value(), path_);
    }
}

void FileUpload::write(const Content& content) {
    step([&] {
        const Held held(*this);
        const auto now = stored();
        if (now != size_) throw InvalidOffset(path_, size_, now);
        try {
            write_at(content_.descriptor(), content.bytes(), now);
        } catch (const std::system_error&) {
            // What was stored of it stays.
            size_ = stored();
            throw;
        }
        size_ = now + content.size();
    });
}

void FileUpload::commit(std::optional<std::uint64_t> size, std::optional<std::string_view> digest) {
    std::optional<DigestCheck> check_of_digest;
    if (digest) check_of_digest.emplace(FilesystemDriver::name, *digest);
    Parents parents(*root_, path_);
    step([&] {
        const auto checked =
            check(size.value_or(size_), check_of_digest ? &*check_of_digest : nullptr);
        undoing(parents, [&] { publish(parents, checked); });
    });
    make_durable("CommitUpload", path_, [&] { parents.sync(); });
}

std::uint64_t FileUpload::held_size() const {
    const Held held(*this);
    return stored();
}

/// Check what is stored, and return the size of what was checked. It is held only for its size to
/// be seen: reading takes time, and what is there of an upload does not change.
std::uint64_t FileUpload::check(std::uint64_t size, DigestCheck* digest) const {
    const auto now = held_size();
    if (now != size) {
        throw ChecksumMismatch(path_, "the upload has " + std::to_string(now) +
                                          " bytes, and should have " + std::to_string(size));
    }
    if (digest == nullptr) return now;
    std::vector<std::byte> buffer(std::min<std::uint64_t>(piece_bytes, now));
    for (std::uint64_t position = 0; position < now;) {
        const auto wanted = std::min<std::uint64_t>(buffer.size(), now - position);
        const auto piece = std::span(buffer).first(wanted);
        const auto count = read_at(content_.descriptor(), piece, position);
        if (count == 0) throw ChecksumMismatch(path_, "somebody has cut the upload");
        digest->update(piece.first(count));
        position += count;
    }
    if (!digest->matches()) throw ChecksumMismatch(path_, "the upload has another digest");
    return now;
}

void FileUpload::publish(Parents& parents, std::uint64_t checked) const {
    const Held held(*this);
    if (stored() != checked) throw ChecksumMismatch(path_, "it was written to meanwhile");
    // As of a put: its time is that of its coming, not of a write some days ago.
    set_time_to_now(content_.descriptor());
    // Looked at last: from here to the rename there is little time for things to change.
    if (const auto replaced = parents.look()) {
        if (is_directory(*replaced)) throw IsADirectory(path_);
        take_over(content_.descriptor(), *replaced);
    }
    sync_content();
    parents.place([&](int directory) {
        rename_in(held.directory(), content_name(id_), directory, parents.leaf());
    });
    // From here on there is no upload.
    forget(held.directory());
}

/// Remove the files; what cannot be removed is left to a sweep.
void FileUpload::forget(int directory) const {
    try {
        remove_upload(directory, id_);
    } catch (const std::system_error& error) {
        log(LogLevel::warning, std::string("an upload is left to a sweep: ") + error.what());
    }
}

void FileUpload::sync_content() const {
    try {
        sync(content_.descriptor());
    } catch (const std::system_error& error) {
        // Nobody can tell what is on the disk, and a second attempt would seem to succeed.
        forget(open_uploads(*root_).descriptor());
        throw_errno(error.code().value());
    }
}

void FileUpload::cancel() {
    step([&] { remove_upload(Held(*this).directory(), id_); });
}

void FileUpload::close() {
    step([&] { sync_content(); });
}

}  // namespace drivers::files
