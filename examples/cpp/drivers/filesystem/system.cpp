#include "filesystem/system.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "storagedriver/error.hpp"

namespace drivers::files {

using namespace storagedriver;

namespace {

/// What new files are made with, before the umask.
constexpr mode_t file_mode = 0666;

int errno_if(bool has_failed) { return has_failed ? errno : 0; }

void check(int error) {
    if (error != 0) throw_errno(error);
}

timespec spec_of(Time time) { return {time.seconds, static_cast<long>(time.nanoseconds)}; }

}  // namespace

File::~File() {
    // What was written is synced by then, so that an error of the close says nothing new.
    if (descriptor_ >= 0) ::close(descriptor_);
}

void throw_errno(int error) { throw std::system_error(error, std::generic_category()); }

Attempt<File> try_open(int parent, const std::string& name, int flags) {
    const auto descriptor = ::openat(parent, name.c_str(), flags, file_mode);
    return {File(descriptor), errno_if(descriptor < 0)};
}

Attempt<Status> try_status(int parent, const std::string& name) {
    Attempt<Status> attempt;
    attempt.error =
        errno_if(::fstatat(parent, name.c_str(), &attempt.value, AT_SYMLINK_NOFOLLOW) != 0);
    return attempt;
}

Status status_of(int file) {
    Status status;
    check(errno_if(::fstat(file, &status) != 0));
    return status;
}

int try_unlink(int parent, const std::string& name) {
    return errno_if(::unlinkat(parent, name.c_str(), 0) != 0);
}

int try_remove_directory(int parent, const std::string& name) {
    return errno_if(::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0);
}

int try_make_directory(int parent, const std::string& name) {
    return errno_if(::mkdirat(parent, name.c_str(), directory_mode) != 0);
}

int try_lock(int file, int operation) {
    int error = 0;
    do {
        error = errno_if(::flock(file, operation) != 0);
    } while (error == EINTR);
    return error;
}

void rename_in(int from, const std::string& name, int to, const std::string& new_name) {
    check(errno_if(::renameat(from, name.c_str(), to, new_name.c_str()) != 0));
}

void cut(int file, std::uint64_t size) {
    check(errno_if(::ftruncate(file, static_cast<off_t>(size)) != 0));
}

std::size_t read_at(int file, std::span<std::byte> room, std::uint64_t position) {
    while (true) {
        const auto count = ::pread(file, room.data(), room.size(), static_cast<off_t>(position));
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) throw_errno(errno);
    }
}

void write_at(int file, Bytes content, std::uint64_t position) {
    while (!content.empty()) {
        const auto count =
            ::pwrite(file, content.data(), content.size(), static_cast<off_t>(position));
        if (count == 0) throw_errno(EIO);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno(errno);
        content = content.subspan(static_cast<std::size_t>(count));
        position += static_cast<std::uint64_t>(count);
    }
}

void sync(int file) {
    const auto error = errno_if(::fsync(file) != 0);
    // Some file systems in user space or on a network cannot sync everything.
    if (error != EINVAL && error != ENOTSUP && error != ENOSYS) check(error);
}

Time mod_time_of(const Status& status) {
    return {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
}

void keep_time(int file, Time least) {
    if (mod_time_of(status_of(file)) >= least) return;
    const timespec times[] = {{0, UTIME_OMIT}, spec_of(least)};
    check(errno_if(::futimens(file, times) != 0));
}

void try_keep_time(int parent, const std::string& name, Time least) {
    const timespec times[] = {{0, UTIME_OMIT}, spec_of(least)};
    // Another user's file can be moved, but its time not set.
    static_cast<void>(::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW));
}

void set_time_to_now(int file) { check(errno_if(::futimens(file, nullptr) != 0)); }

void take_over(int file, const Status& replaced) {
    if (status_of(file).st_mode != replaced.st_mode) {
        check(errno_if(::fchmod(file, replaced.st_mode & 0777) != 0));
    }
    keep_time(file, mod_time_of(replaced));
}

void throw_contract_error(int error, std::string_view path) {
    const auto reason = std::generic_category().message(error);
    switch (error) {
        case ENOENT:
            throw PathNotFound(path);
        case ENOTDIR:
            throw NotADirectory(path);
        case EISDIR:
            throw IsADirectory(path);
        case ENOSPC:
        case EDQUOT:
            throw NoSpace(path, reason);
        case EACCES:
        case EPERM:
        case EROFS:
        case ELOOP:  // The last component is a link.
        case ENXIO:  // A socket, or a fifo that nobody reads.
            throw PermissionDenied(path, reason);
        case ENAMETOOLONG:
            throw InvalidPath(path, reason);
        case EMFILE:
        case ENFILE:
            // Too many open files: fewer calls at a time need fewer.
            throw Throttled(path, reason);
        default:
            break;
    }
    const auto passes = error == EAGAIN || error == EBUSY || error == ESTALE || error == ETIMEDOUT;
    throw Internal(reason + ": " + std::string(path), passes);
}

void throw_in_the_way(std::string_view path) {
    throw PermissionDenied(path, "a link or a special file is in the way");
}

void throw_directory_error(int error, int parent, const std::string& name, std::string_view path) {
    if (error != ENOTDIR && error != ELOOP) throw_contract_error(error, path);
    const auto status = try_status(parent, name);
    if (status.error != 0) throw_contract_error(status.error, path);
    if (is_file(status.value)) throw NotADirectory(path);
    throw_in_the_way(path);
}

}  // namespace drivers::files
