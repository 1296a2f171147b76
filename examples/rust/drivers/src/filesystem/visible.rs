//! What of the files below the root shows: objects, and directories in which, however deep, one is.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, Dir, FileType, Stat, statat};
use rustix::io::Errno;
use storagedriver::{FileInfo, Result};

use super::root::is_name;
use super::system::{
    DIRECTORY, contract_error, in_the_way, is_directory, is_file, mod_time, open_in, size_of,
};

/// A path of 1,024 bytes goes no deeper.
pub const MAX_DEPTH: usize = 512;

/// What callers see of a file or directory with this status.
pub fn file_info(path: &str, status: &Stat) -> FileInfo {
    if is_directory(status) {
        return FileInfo::directory(path);
    }
    FileInfo::object(path, size_of(status), mod_time(status))
}

/// The status of the object or directory `name` in `parent`, None if nothing shows there.
pub fn shown_status(parent: BorrowedFd<'_>, name: &str, path: &str) -> Result<Option<Stat>> {
    match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(status) if is_file(&status) => Ok(Some(status)),
        Ok(status) if is_directory(&status) => match holds_object_in(parent, name, 0) {
            Ok(is_shown) => Ok(is_shown.then_some(status)),
            Err(errno) => Err(contract_error(errno, path)),
        },
        Ok(_) => Err(in_the_way(path)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(contract_error(errno, path)),
    }
}

/// Names of files and directories that a path can lead to, in no order, and whether each is a
/// directory; then it may hold no object.
pub fn entries_of(directory: BorrowedFd<'_>) -> rustix::io::Result<Vec<(String, bool)>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().ok().filter(|name| is_name(name)) else {
            continue;
        };
        match kind_of(directory, name, entry.file_type()) {
            FileType::RegularFile => entries.push((name.to_owned(), false)),
            FileType::Directory => entries.push((name.to_owned(), true)),
            _ => {}
        }
    }
    Ok(entries)
}

/// Not every file system tells what an entry is.
fn kind_of(directory: BorrowedFd<'_>, name: &str, told: FileType) -> FileType {
    if told != FileType::Unknown {
        return told;
    }
    let status = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW);
    status.map_or(FileType::Unknown, |status| FileType::from_raw_mode(status.st_mode))
}

/// The names that show in a directory, in byte order.
pub fn shown_names(directory: BorrowedFd<'_>) -> rustix::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for (name, is_directory) in entries_of(directory)? {
        if !is_directory || holds_object_in(directory, &name, 1)? {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Whether an object is in the directory, itself at `depth`, or below it.
pub fn holds_object(directory: BorrowedFd<'_>, depth: usize) -> rustix::io::Result<bool> {
    let entries = entries_of(directory)?;
    if entries.iter().any(|(_, is_directory)| !is_directory) {
        return Ok(true);
    }
    for (name, _) in entries {
        if depth < MAX_DEPTH && holds_object_in(directory, &name, depth + 1)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// As `holds_object`, of the directory `name` in `parent`; false if there is none.
pub fn holds_object_in(
    parent: BorrowedFd<'_>,
    name: &str,
    depth: usize,
) -> rustix::io::Result<bool> {
    match open_in(parent, name, DIRECTORY) {
        Ok(directory) => holds_object(directory.as_fd(), depth),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(false),
        // It cannot be looked into, so there may be something in it.
        Err(Errno::ACCESS) => Ok(true),
        Err(errno) => Err(errno),
    }
}
