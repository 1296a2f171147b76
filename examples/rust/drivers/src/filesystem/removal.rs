//! Removing whole directories, by descriptor, no link followed.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, Dir, FileType, statat, unlinkat};
use rustix::io::Errno;

use super::system::{DIRECTORY, contract_error, is_directory, open_in};

/// Path and error code of everything that could not be removed.
pub type Failed = Vec<(String, String)>;

/// Remove a directory and all that is in it, also what does not show; return what is left.
///
/// Goes on after a failure. What others put there meanwhile may stay, and is no failure.
pub fn remove_tree(parent: BorrowedFd<'_>, name: &str, path: &str) -> rustix::io::Result<Failed> {
    let directory = open_in(parent, name, DIRECTORY)?;
    let mut failed = Failed::new();
    for (inner, is_directory) in all_entries(directory.as_fd())? {
        let inner_path = format!("{path}/{inner}");
        let removed = if is_directory {
            remove_tree(directory.as_fd(), &inner, &inner_path).map(|more| failed.extend(more))
        } else {
            unlinkat(&directory, &*inner, AtFlags::empty())
        };
        match removed {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => {
                let code = contract_error(errno, &inner_path).code().to_owned();
                failed.push((inner_path, code));
            }
        }
    }
    if failed.is_empty() {
        // Where it cannot be removed it is empty of all that was found, and does not show.
        let _ = unlinkat(parent, name, AtFlags::REMOVEDIR);
    }
    Ok(failed)
}

/// Remove a directory in which, at any depth, there is nothing but directories.
pub fn remove_empty_directories(parent: BorrowedFd<'_>, name: &str) -> rustix::io::Result<()> {
    let directory = open_in(parent, name, DIRECTORY)?;
    for (inner, is_directory) in all_entries(directory.as_fd())? {
        if is_directory {
            remove_empty_directories(directory.as_fd(), &inner)?;
        }
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR)
}

/// All names in a directory, and whether each is a directory.
pub fn all_entries(directory: BorrowedFd<'_>) -> rustix::io::Result<Vec<(String, bool)>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        // No name that is not text is ours; a removal then finds its directory not empty.
        let Some(name) =
            entry.file_name().to_str().ok().filter(|name| !matches!(*name, "." | ".."))
        else {
            continue;
        };
        let is_directory = match entry.file_type() {
            FileType::Unknown => statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|status| is_directory(&status)),
            kind => kind == FileType::Directory,
        };
        entries.push((name.to_owned(), is_directory));
    }
    Ok(entries)
}
