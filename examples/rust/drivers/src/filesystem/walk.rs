//! The walk: every object below a directory, in byte order of the path.
//!
//! What is in memory are the names in the directories on the way down to the current one.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;
use storagedriver::{FileInfo, Result};

use super::system::{AboutPath, DIRECTORY, contract_error, is_file, open_in};
use super::visible::{MAX_DEPTH, entries_of, file_info};

/// A stack of our own, not recursion: it stops between any two objects.
pub struct Walk {
    start_after: String,
    levels: Vec<Level>,
}

/// One directory on the way down, and what is still to visit in it, the next one last.
struct Level {
    directory: OwnedFd,
    visits: Vec<Visit>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Visit {
    // What is below a directory stands where its path and a slash would: /a-b before /a/b.
    sort_key: String,
    path: String,
    is_directory: bool,
}

impl Walk {
    /// Of what is below `directory`, which is open at `path`, and sorts behind `start_after`.
    pub fn new(directory: OwnedFd, path: &str, start_after: &str) -> Result<Self> {
        let mut walk = Self { start_after: start_after.to_owned(), levels: Vec::new() };
        walk.enter(directory, path)?;
        Ok(walk)
    }

    fn enter(&mut self, directory: OwnedFd, path: &str) -> Result<()> {
        let prefix = if path == "/" { "" } else { path };
        let mut visits = Vec::new();
        for (name, is_directory) in entries_of(directory.as_fd()).about(path)? {
            let path = format!("{prefix}/{name}");
            let (sort_key, last) = match is_directory {
                // All that is below it sorts before its path and "0", as "0" follows "/".
                true => (format!("{path}/"), format!("{path}0")),
                false => (path.clone(), path.clone()),
            };
            if last > self.start_after {
                visits.push(Visit { sort_key, path, is_directory });
            }
        }
        visits.sort_unstable_by(|one, other| other.cmp(one));
        self.levels.push(Level { directory, visits });
        Ok(())
    }

    fn visit(&mut self, visit: &Visit) -> Result<Option<FileInfo>> {
        let Some(level) = self.levels.last() else {
            return Ok(None);
        };
        let name = visit.path.rsplit('/').next().unwrap_or_default();
        let directory = level.directory.as_fd();
        if !visit.is_directory {
            return match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(status) if is_file(&status) => Ok(Some(file_info(&visit.path, &status))),
                Ok(_) | Err(Errno::NOENT) => Ok(None),
                Err(errno) => Err(contract_error(errno, &visit.path)),
            };
        }
        if self.levels.len() > MAX_DEPTH {
            return Ok(None);
        }
        match open_in(directory, name, DIRECTORY) {
            Ok(below) => self.enter(below, &visit.path).map(|()| None),
            // What vanishes meanwhile is left out.
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(contract_error(errno, &visit.path)),
        }
    }
}

impl Iterator for Walk {
    type Item = Result<FileInfo>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let level = self.levels.last_mut()?;
            let Some(visit) = level.visits.pop() else {
                self.levels.pop();
                continue;
            };
            if let Some(found) = self.visit(&visit).transpose() {
                return Some(found);
            }
        }
    }
}
