#include "filesystem/driver.hpp"

#include <cmath>

#include "filesystem/in_place.hpp"
#include "filesystem/moving.hpp"
#include "filesystem/parents.hpp"
#include "filesystem/reading.hpp"
#include "filesystem/removal.hpp"
#include "filesystem/root.hpp"
#include "filesystem/staging.hpp"
#include "filesystem/upload.hpp"
#include "filesystem/upload_files.hpp"
#include "filesystem/visible.hpp"
#include "filesystem/walk.hpp"
#include "listed.hpp"
#include "parameters.hpp"

namespace drivers {

using namespace storagedriver;
using namespace files;

namespace {

/// A week: what the registry of 2015 gave an upload before it was purged.
constexpr std::int64_t upload_expiry_seconds = 604'800;

std::string root_directory_of(const Parameters& parameters) {
    std::string directory(parameters.text("rootdirectory").value_or(""));
    if (!directory.starts_with('/') || directory.find('\0') != std::string::npos) {
        // It is not shown: it may be anything, also a secret in the wrong place.
        throw InvalidParameters(FilesystemDriver::name, "rootdirectory",
                                "is required and must be an absolute path");
    }
    return directory;
}

std::int64_t upload_expiry_of(const Parameters& parameters) {
    const auto* value = parameters.find("uploadexpiry");
    if (value == nullptr) return upload_expiry_seconds;
    if (const auto seconds = parameters.count("uploadexpiry")) {
        // More than that is for ever too, and can be counted with.
        return static_cast<std::int64_t>(std::min<std::uint64_t>(*seconds, INT32_MAX));
    }
    const auto* seconds = value->as<double>();
    if (seconds == nullptr || !(*seconds >= 0)) {
        throw InvalidParameters(FilesystemDriver::name, "uploadexpiry",
                                "must be a number of seconds, 0 or more");
    }
    // Less than a second would be none.
    return static_cast<std::int64_t>(std::ceil(std::min<double>(*seconds, INT32_MAX)));
}

/// Put what the reader gives at the place, once that is all there.
void put(const Root& root, Parents& parents, Reader& reader) {
    StagedFile staged(root);
    for (auto piece = reader.next(); !piece.empty(); piece = reader.next()) {
        staged.write(piece.bytes());
    }
    // Looked at late: from here to the rename there is little time for things to change.
    const auto replaced = parents.look();
    if (replaced && is_directory(*replaced)) throw IsADirectory(parents.path());
    staged.finish(replaced);
    parents.place([&](int directory) { staged.rename(directory, parents.leaf()); });
    make_durable("PutContent", parents.path(), [&] { parents.sync(); });
}

}  // namespace

const Features FilesystemDriver::told_features{feature::constant_memory, feature::move_directories,
                                               feature::uploads, feature::walk};

FilesystemDriver::FilesystemDriver(const Parameters& parameters) {
    check_known(name, parameters, {"rootdirectory", "uploadexpiry"});
    const auto directory = root_directory_of(parameters);
    const auto expiry = upload_expiry_of(parameters);
    root_ = std::make_shared<const Root>(directory);
    sweep_staging(*root_);
    sweep_uploads(*root_, expiry);
}

std::unique_ptr<ReadStream> FilesystemDriver::read_stream(std::string_view path,
                                                          std::uint64_t offset) {
    auto [file, status] = root_->open_object(path);
    return std::make_unique<FileStream>(std::move(file), status, offset, path);
}

void FilesystemDriver::put_content(std::string_view path, Reader& reader) {
    about(path, [&] {
        Parents parents(*root_, path);
        // An answer that is known before the content is all there saves sending it.
        const auto replaced = parents.look();
        if (replaced && is_directory(*replaced)) throw IsADirectory(path);
        undoing(parents, [&] { put(*root_, parents, reader); });
    });
}

std::uint64_t FilesystemDriver::write_stream(std::string_view path, std::uint64_t offset,
                                             Reader& reader) {
    return about(path, [&] { return write_in_place(*root_, path, offset, reader); });
}

FileInfo FilesystemDriver::stat(std::string_view path) {
    if (path == "/") return FileInfo::directory(path);
    return file_info(path, root_->shown_status(path));
}

std::vector<std::string> FilesystemDriver::list(std::string_view path) {
    const auto directory = root_->open_directory(path);
    auto names = about(path, [&] { return shown_names(directory.descriptor()); });
    if (names.empty() && path != "/") throw PathNotFound(path);
    return names;
}

std::unique_ptr<Listing<FileInfo>> FilesystemDriver::walk(std::string_view path,
                                                          std::string_view start_after) {
    if (path != "/") static_cast<void>(root_->shown_status(path));
    return std::make_unique<FileWalk>(root_->open_directory(path), path, start_after);
}

void FilesystemDriver::move(std::string_view source, std::string_view destination) {
    about(destination, [&] { move_in(*root_, source, destination); });
}

void FilesystemDriver::remove(std::string_view path) {
    about(path, [&] {
        Parents parents(*root_, path);
        const auto status = parents.look();
        if (!status) throw PathNotFound(path);
        if (is_directory(*status)) {
            const auto failed = remove_tree(parents.directory(), parents.leaf(), std::string(path));
            if (!failed.empty()) throw PartialFailure(failed);
        } else if (const auto error = try_unlink(parents.directory(), parents.leaf())) {
            throw_errno(error);
        }
        parents.prune();
    });
}

std::unique_ptr<Upload> FilesystemDriver::open_upload(std::string_view path,
                                                      std::optional<std::string_view> upload_id) {
    // What could lead out of the root is refused now, as the commit will.
    split(path);
    return about(path, [&] { return std::make_unique<FileUpload>(root_, path, upload_id); });
}

std::unique_ptr<Listing<UploadInfo>> FilesystemDriver::uploads(std::string_view prefix) {
    return about(prefix, [&] { return listed_uploads(uploads_below(*root_, prefix)); });
}

}  // namespace drivers
