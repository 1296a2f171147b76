//! Files below one root directory, and nowhere else, whatever stands in the way.
//!
//! A path is walked component by component, each opened in the directory before it and no link
//! followed: there is no moment at which another process could swap one in.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, Stat, fstat};
use storagedriver::{Error, Result};

use super::system::{
    AboutPath, DIRECTORY, PASSING, READING, directory_error, in_the_way, is_directory, is_file,
    open_in, sync,
};
use super::visible::{holds_object, shown_status};

/// The root directory, open.
pub struct Root {
    directory: OwnedFd,
}

impl Root {
    /// Open it; make it, and what is missing above it. Links may lead to it, as it is the place
    /// that was asked for.
    pub fn open(directory: &str) -> Result<Self> {
        let about = |error: std::io::Error| {
            let errno = rustix::io::Errno::from_io_error(&error).unwrap_or(rustix::io::Errno::IO);
            super::system::contract_error(errno, directory)
        };
        make(Path::new(directory)).map_err(about)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(directory, flags, Mode::empty()).about(directory)?;
        Ok(Self { directory })
    }

    /// The directory itself.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Open an object for reading.
    pub fn open_object(&self, path: &str) -> Result<(OwnedFd, Stat)> {
        let (above, leaf) = split(path)?;
        let parent = self.open_above(&above, path)?;
        let opened = open_in(self.or_root(&parent), leaf, READING).about(path)?;
        let status = fstat(&opened).about(path)?;
        if is_file(&status) {
            return Ok((opened, status));
        }
        if !is_directory(&status) {
            return Err(in_the_way(path));
        }
        let is_shown = holds_object(opened.as_fd(), 0).about(path)?;
        Err(if is_shown { Error::is_a_directory(path) } else { Error::path_not_found(path) })
    }

    /// Open a directory for listing, whether or not an object is in it.
    pub fn open_directory(&self, path: &str) -> Result<OwnedFd> {
        let mut above = components(path)?;
        // A listing moves a position that goes with the descriptor, so each needs its own.
        let leaf = above.pop().unwrap_or(".");
        let parent = self.open_above(&above, path)?;
        let parent = self.or_root(&parent);
        let opened = open_in(parent, leaf, DIRECTORY);
        opened.map_err(|errno| directory_error(errno, parent, leaf, path))
    }

    /// The status of the object or directory at `path`.
    pub fn shown_status(&self, path: &str) -> Result<Stat> {
        let (above, leaf) = split(path)?;
        let parent = self.open_above(&above, path)?;
        let status = shown_status(self.or_root(&parent), leaf, path)?;
        status.ok_or_else(|| Error::path_not_found(path))
    }

    /// Go down the directories above `path`; None where that is the root.
    fn open_above(&self, names: &[&str], path: &str) -> Result<Option<OwnedFd>> {
        let mut passed = None;
        for name in names {
            let parent = self.or_root(&passed);
            let opened = open_in(parent, name, PASSING);
            passed = Some(opened.map_err(|errno| directory_error(errno, parent, name, path))?);
        }
        Ok(passed)
    }

    fn or_root<'a>(&'a self, directory: &'a Option<OwnedFd>) -> BorrowedFd<'a> {
        directory.as_ref().map_or_else(|| self.fd(), AsFd::as_fd)
    }
}

/// The names that `path` consists of, none for `/`.
///
/// The host has checked the path, but a `..` that got past it would lead to what is another's.
pub fn components(path: &str) -> Result<Vec<&str>> {
    if path == "/" {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = path.split('/').skip(1).collect();
    let is_legal = path.starts_with('/') && names.iter().all(|name| is_name(name));
    is_legal.then_some(names).ok_or_else(|| Error::invalid_path(path))
}

/// The names of the directories above `path`, and its own. `/` is InvalidPath.
pub fn split(path: &str) -> Result<(Vec<&str>, &str)> {
    let mut names = components(path)?;
    let leaf = names.pop().ok_or_else(|| Error::invalid_path(path))?;
    Ok((names, leaf))
}

/// Whether a path can lead to a file of this name.
pub fn is_name(name: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !name.is_empty() && name != "." && name != ".." && name.bytes().all(is_legal)
}

fn make(directory: &Path) -> std::io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().unwrap_or(Path::new("/"));
    make(parent)?;
    match std::fs::create_dir(directory) {
        // Another process may make it at the same moment; what is no directory does not open.
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    Ok(sync(std::fs::File::open(parent)?)?)
}

#[cfg(test)]
mod tests {
    use super::{components, split};

    #[test]
    fn nothing_leads_out_of_the_root() {
        for path in ["", "a", "/..", "/a/../b", "/.", "//a", "/a/", "/a\0b", "/.staging~", "/é"] {
            assert!(components(path).is_err(), "{path:?}");
        }
        assert_eq!(split("/a/b.c").expect("legal"), (vec!["a"], "b.c"));
        assert!(split("/").is_err());
    }
}
