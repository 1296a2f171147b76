//! What the driver needs of the operating system: by descriptor, no link followed.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, fchmod, fstat,
    futimens, openat, statat,
};
use rustix::io::{Errno, pwrite};
use storagedriver::{Error, ErrorKind, Result, Time};

/// Only a place to go on from, so permission to read it is not needed.
pub const PASSING: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(SAFE);
/// A directory, for reading.
pub const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(SAFE);
/// A file, for reading. NONBLOCK: opening a fifo must not wait for its other end.
pub const READING: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(SAFE);
/// A file, for writing.
pub const WRITING: OFlags =
    OFlags::WRONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(SAFE);
/// A new file, for reading and writing.
pub const MAKING: OFlags = OFlags::RDWR.union(OFlags::CREATE).union(OFlags::EXCL).union(SAFE);
const SAFE: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

/// What new files are made with, before the umask.
pub fn file_mode() -> Mode {
    Mode::from_raw_mode(0o666)
}

/// What new directories are made with, before the umask.
pub fn directory_mode() -> Mode {
    Mode::from_raw_mode(0o777)
}

/// What an error of the operating system is called for callers.
pub fn contract_error(errno: Errno, path: &str) -> Error {
    let path_text = path.to_owned();
    let reason = std::io::Error::from(errno);
    match errno {
        Errno::NOENT => Error::path_not_found(path),
        Errno::NOTDIR => Error::not_a_directory(path),
        Errno::ISDIR => Error::is_a_directory(path),
        Errno::NOSPC | Errno::DQUOT => {
            Error::new(ErrorKind::NoSpace { path: path_text }).with_reason(reason)
        }
        // LOOP: the last component is a link. NXIO: a socket, or a fifo that nobody reads.
        Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::LOOP | Errno::NXIO => {
            Error::permission_denied(path).with_reason(reason)
        }
        Errno::NAMETOOLONG => Error::invalid_path(path).with_reason(reason),
        // Too many open files: fewer calls at a time need fewer.
        Errno::MFILE | Errno::NFILE => {
            Error::new(ErrorKind::Throttled { path: path_text }).with_reason(reason)
        }
        _ => {
            let passing = [Errno::AGAIN, Errno::BUSY, Errno::STALE, Errno::TIMEDOUT];
            let text = format!("{reason}: {path}");
            Error::internal(text).with_temporary(passing.contains(&errno))
        }
    }
}

/// The error for a link or a special file where a file or a directory is needed.
pub fn in_the_way(path: &str) -> Error {
    Error::permission_denied(path).with_reason("a link or a special file is in the way")
}

/// The error for a directory that cannot be opened: the kernel says the same of a file, a link and
/// a special file.
pub fn directory_error(errno: Errno, parent: BorrowedFd<'_>, name: &str, path: &str) -> Error {
    if !matches!(errno, Errno::NOTDIR | Errno::LOOP) {
        return contract_error(errno, path);
    }
    match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(status) if is_file(&status) => Error::not_a_directory(path),
        Ok(_) => in_the_way(path),
        Err(vanished) => contract_error(vanished, path),
    }
}

/// Open what is in a directory.
pub fn open_in(parent: BorrowedFd<'_>, name: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    openat(parent, name, flags, file_mode())
}

/// Whether it is a file, and neither a directory nor anything special.
pub fn is_file(status: &Stat) -> bool {
    FileType::from_raw_mode(status.st_mode) == FileType::RegularFile
}

/// Whether it is a directory.
pub fn is_directory(status: &Stat) -> bool {
    FileType::from_raw_mode(status.st_mode) == FileType::Directory
}

/// Whether two are of the same file.
pub fn is_same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

/// The size in bytes.
pub fn size_of(status: &Stat) -> u64 {
    u64::try_from(status.st_size).unwrap_or(0)
}

/// When the content was last written to.
#[allow(clippy::unnecessary_cast)] // The fields have other types on other machines.
pub fn mod_time(status: &Stat) -> Time {
    Time { seconds: status.st_mtime as i64, nanoseconds: status.st_mtime_nsec as u32 }
}

/// Write all of `content` at `position`; after an error a part of it may be written.
pub fn write_all(file: impl AsFd, mut content: &[u8], mut position: u64) -> rustix::io::Result<()> {
    while !content.is_empty() {
        match pwrite(&file, content, position) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => {
                content = &content[written..];
                position += written as u64;
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The times that set only that of the content.
pub fn content_time(time: Time) -> Timestamps {
    let omitted = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let kept = Timespec { tv_sec: time.seconds, tv_nsec: time.nanoseconds.into() };
    Timestamps { last_access: omitted, last_modification: kept }
}

/// Set the time of an open file to `least` if it is earlier: times never go back.
pub fn keep_time(file: impl AsFd, least: Time) -> rustix::io::Result<()> {
    if mod_time(&fstat(&file)?) < least { futimens(&file, &content_time(least)) } else { Ok(()) }
}

/// Keep what must not change when the object of this status is replaced by an open file: its
/// permissions, which somebody may have set on purpose, and its time.
pub fn take_over(file: impl AsFd, replaced: &Stat) -> rustix::io::Result<()> {
    if fstat(&file)?.st_mode != replaced.st_mode {
        fchmod(&file, Mode::from_raw_mode(replaced.st_mode & 0o777))?;
    }
    keep_time(&file, mod_time(replaced))
}

/// Make a file or the names in a directory durable.
pub fn sync(file: impl AsFd) -> rustix::io::Result<()> {
    match rustix::fs::fsync(file) {
        // Some file systems in user space or on a network cannot sync everything.
        Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        other => other,
    }
}

/// Take the result of the system as one of the contract.
pub trait AboutPath<T> {
    /// The error is then about this path.
    fn about(self, path: &str) -> Result<T>;
}

impl<T> AboutPath<T> for rustix::io::Result<T> {
    fn about(self, path: &str) -> Result<T> {
        self.map_err(|errno| contract_error(errno, path))
    }
}
