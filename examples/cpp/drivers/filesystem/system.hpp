/// What the driver needs of the operating system: by descriptor, no link followed.
///
/// Failures are std::system_error with the errno; `about` makes errors of the contract of them.

#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "storagedriver/driver.hpp"

namespace drivers::files {

using Status = struct ::stat;

/// An open file or directory, which is closed with this.
class File {
  public:
    File() = default;
    explicit File(int descriptor) noexcept : descriptor_(descriptor) {}
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~File();

    int descriptor() const { return descriptor_; }

  private:
    int descriptor_ = -1;
};

[[noreturn]] void throw_errno(int error);

/// What a call of the system gave: a value, or the number of its error.
template <class T>
struct Attempt {
    T value{};
    int error = 0;

    T or_throw() && {
        if (error != 0) throw_errno(error);
        return std::move(value);
    }
};

/// Only a place to go on from, so permission to read it is not needed.
inline constexpr int passing = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/// A directory, for reading.
inline constexpr int directory_reading = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/// A file, for reading. NONBLOCK: opening a fifo must not wait for its other end.
inline constexpr int reading = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
/// A file, for writing.
inline constexpr int writing = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
/// A file that is there, for both, as locks on some file systems take nothing less.
inline constexpr int reading_and_writing = O_RDWR | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
/// A new file, for both.
inline constexpr int making = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

/// What new directories are made with, before the umask.
inline constexpr mode_t directory_mode = 0777;

/// Open what is in a directory.
Attempt<File> try_open(int parent, const std::string& name, int flags);
inline File open_in(int parent, const std::string& name, int flags) {
    return try_open(parent, name, flags).or_throw();
}

Attempt<Status> try_status(int parent, const std::string& name);
Status status_of(int file);

/// These return the number of an error, or 0.
int try_unlink(int parent, const std::string& name);
int try_remove_directory(int parent, const std::string& name);
int try_make_directory(int parent, const std::string& name);
int try_lock(int file, int operation);

void rename_in(int from, const std::string& name, int to, const std::string& new_name);
void cut(int file, std::uint64_t size);

/// Read at a position as much as is there, at most what fits; 0 at the end.
std::size_t read_at(int file, std::span<std::byte> room, std::uint64_t position);

/// Write all of `content`; after an error a part of it may be written.
void write_at(int file, storagedriver::Bytes content, std::uint64_t position);

/// Make a file or the names in a directory durable.
void sync(int file);

inline bool is_file(const Status& status) { return S_ISREG(status.st_mode); }
inline bool is_directory(const Status& status) { return S_ISDIR(status.st_mode); }
inline bool is_same(const Status& one, const Status& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}
inline std::uint64_t size_of(const Status& status) {
    return static_cast<std::uint64_t>(status.st_size);
}

/// When the content was last written to.
storagedriver::Time mod_time_of(const Status& status);

/// Set the time of an open file to `least` if it is earlier: times never go back.
void keep_time(int file, storagedriver::Time least);

/// The same of a file that is not open, if that is allowed.
void try_keep_time(int parent, const std::string& name, storagedriver::Time least);

/// Set the time of an open file to now.
void set_time_to_now(int file);

/// Keep what must not change when the object of this status is replaced by an open file: its
/// permissions, which somebody may have set on purpose, and its time.
void take_over(int file, const Status& replaced);

/// Throw what an error of the system is called for callers.
[[noreturn]] void throw_contract_error(int error, std::string_view path);

/// A link or a special file stands where a file or a directory is needed.
[[noreturn]] void throw_in_the_way(std::string_view path);

/// A directory cannot be opened: the kernel says the same of a file, a link and a special file.
[[noreturn]] void throw_directory_error(int error, int parent, const std::string& name,
                                        std::string_view path);

/// Run an action whose failures are then errors of the contract, about this path.
template <class Action>
decltype(auto) about(std::string_view path, Action&& action) {
    try {
        return action();
    } catch (const std::system_error& error) {
        throw_contract_error(error.code().value(), path);
    }
}

}  // namespace drivers::files
