#include "filesystem/staging.hpp"

#include <sys/file.h>

#include <cerrno>

#include "filesystem/entries.hpp"
#include "parameters.hpp"
#include "storagedriver/log.hpp"

namespace drivers::files {

using namespace storagedriver;

namespace {

/// In the root, and so on its file system: a rename from here is atomic.
constexpr auto directory_name = ".staging~";

bool is_staged_name(const std::string& name) { return name.size() == 33 && name.back() == '~'; }

void remove_stale(int directory, const std::string& name) {
    const auto now = Time::now().seconds;
    const auto status = try_status(directory, name);
    if (status.error != 0 || mod_time_of(status.value).seconds >= now - stale_seconds) return;
    const auto file = try_open(directory, name, reading_and_writing);
    if (file.error == 0 && try_lock(file.value.descriptor(), LOCK_EX | LOCK_NB) == 0) {
        static_cast<void>(try_unlink(directory, name));
    }
}

}  // namespace

StagedFile::StagedFile(const Root& root)
    : directory_(open_or_make(root, directory_name)),
      name_(random_name() + "~"),
      file_(open_in(directory_.descriptor(), name_, making)) {
    // Where locks are not to be had, nothing sweeps either.
    static_cast<void>(try_lock(file_.descriptor(), LOCK_EX | LOCK_NB));
}

StagedFile::~StagedFile() {
    if (!is_renamed_) static_cast<void>(try_unlink(directory_.descriptor(), name_));
}

void StagedFile::write(Bytes content) {
    write_at(file_.descriptor(), content, written_);
    written_ += content.size();
}

void StagedFile::finish(const std::optional<Status>& replaced) const {
    if (replaced) take_over(file_.descriptor(), *replaced);
    sync(file_.descriptor());
}

void StagedFile::rename(int directory, const std::string& name) {
    rename_in(directory_.descriptor(), name_, directory, name);
    is_renamed_ = true;
}

File open_or_make(const Root& root, const std::string& name) {
    auto found = try_open(root.descriptor(), name, directory_reading);
    if (found.error != ENOENT) return std::move(found).or_throw();
    const auto error = try_make_directory(root.descriptor(), name);
    if (error == 0) sync(root.descriptor());
    if (error != 0 && error != EEXIST) throw_errno(error);
    return open_in(root.descriptor(), name, directory_reading);
}

void sweep_staging(const Root& root) {
    const auto directory = try_open(root.descriptor(), directory_name, directory_reading);
    if (directory.error != 0) return;
    try {
        for (const auto& entry : all_entries(directory.value.descriptor())) {
            if (is_staged_name(entry.name)) remove_stale(directory.value.descriptor(), entry.name);
        }
    } catch (const std::system_error& error) {
        log(LogLevel::warning, std::string("old writes are not swept: ") + error.what());
    }
}

}  // namespace drivers::files
