//! The directories above one path: made on the way to a write, pruned after a removal.
//!
//! A directory exists only while something is in it, so two calls may meet: one has just made or
//! found a directory which the other, having emptied it, removes. The one who writes goes back and
//! makes it again; the one who removes leaves whatever is not empty.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Stat, mkdirat, unlinkat};
use rustix::io::Errno;
use storagedriver::{Error, Result};

use super::removal::remove_empty_directories;
use super::root::{Root, split};
use super::system::{
    DIRECTORY, PASSING, contract_error, directory_error, directory_mode, open_in, sync,
};
use super::visible::{holds_object_in, shown_status};

/// How often a write goes back: so many meetings in a row are no coincidence.
const ATTEMPTS: usize = 1_000;

/// Why something could not be put in its place.
pub enum Unplaced {
    /// What the system says; some of it leads to another attempt.
    Os(Errno),
    /// What callers are told.
    Told(Error),
}

impl From<Errno> for Unplaced {
    fn from(errno: Errno) -> Self {
        Self::Os(errno)
    }
}

/// The chain of directories from the root to the one that `path` stands in.
pub struct Parents<'a> {
    /// What it leads to.
    pub path: &'a str,
    /// The last name of it.
    pub leaf: &'a str,
    root: &'a Root,
    names: Vec<&'a str>,
    opened: Vec<OwnedFd>,
    // How many of the directories are older than this call.
    found: usize,
}

impl<'a> Parents<'a> {
    /// Nothing is opened yet.
    pub fn new(root: &'a Root, path: &'a str) -> Result<Self> {
        let (names, leaf) = split(path)?;
        let found = names.len();
        Ok(Self { path, leaf, root, names, opened: Vec::new(), found })
    }

    /// The directory that the path stands in, once that was found or made.
    pub fn directory(&self) -> BorrowedFd<'_> {
        self.opened.last().map_or_else(|| self.root.fd(), AsFd::as_fd)
    }

    /// The status of what is at the path, None if nothing that shows is.
    pub fn look(&mut self) -> Result<Option<Stat>> {
        if !self.find()? {
            return Ok(None);
        }
        shown_status(self.directory(), self.leaf, self.path)
    }

    /// Make the chain, and call `put` with its last directory. It is called again after a directory
    /// has vanished, and after an empty one at the leaf was removed.
    pub fn place<T>(
        &mut self,
        mut put: impl FnMut(BorrowedFd<'_>) -> Result<T, Unplaced>,
    ) -> Result<T> {
        for _ in 0..ATTEMPTS {
            let placed = match self.make()? {
                true => put(self.directory()),
                false => Err(Unplaced::Os(Errno::NOENT)),
            };
            match placed {
                Ok(placed) => return Ok(placed),
                Err(Unplaced::Told(error)) => return Err(error),
                Err(Unplaced::Os(Errno::NOENT)) => self.opened.clear(),
                Err(Unplaced::Os(Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST)) => {
                    self.remove_leftover()?;
                }
                Err(Unplaced::Os(errno)) => return Err(contract_error(errno, self.path)),
            }
        }
        let text = format!("Other calls got in the way {ATTEMPTS} times: {}", self.path);
        Err(Error::internal(text).with_temporary(true))
    }

    /// Sync the leaf's entry, and that of each directory which was made on the way to it.
    pub fn sync(&self) -> rustix::io::Result<()> {
        for depth in self.found..=self.opened.len() {
            match open_in(self.at(depth), ".", DIRECTORY) {
                Ok(directory) => sync(directory)?,
                // Another call has emptied and removed it by now, and so what was to be synced.
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Remove the directories of the chain that are empty, from the last one up.
    pub fn prune(&self) {
        for depth in (0..self.opened.len()).rev() {
            // Something is in it; or it is gone, and whoever removed it goes on upwards; or it may
            // not be removed, and stays out of sight, as empty directories do.
            if unlinkat(self.at(depth), self.names[depth], AtFlags::REMOVEDIR).is_err() {
                return;
            }
        }
    }

    /// Nothing of a failed write stays, also not the directories that it made.
    pub fn undo(&self) {
        if self.found < self.names.len() {
            self.prune();
        }
    }

    /// The directory so many steps below the root.
    fn at(&self, depth: usize) -> BorrowedFd<'_> {
        match depth.checked_sub(1) {
            Some(index) => self.opened[index].as_fd(),
            None => self.root.fd(),
        }
    }

    /// Open what is there of the chain; return whether that is all of it.
    fn find(&mut self) -> Result<bool> {
        while self.opened.len() < self.names.len() {
            let name = self.names[self.opened.len()];
            let opened = match open_in(self.directory(), name, PASSING) {
                Ok(opened) => opened,
                Err(Errno::NOENT) => return Ok(false),
                Err(errno) => {
                    return Err(directory_error(errno, self.directory(), name, self.path));
                }
            };
            self.opened.push(opened);
        }
        Ok(true)
    }

    /// Open the chain, and make what is missing; return whether none of it vanished meanwhile.
    fn make(&mut self) -> Result<bool> {
        while !self.find()? {
            let depth = self.opened.len();
            match mkdirat(self.directory(), self.names[depth], directory_mode()) {
                Ok(()) => self.found = self.found.min(depth),
                // Somebody else has made it by now.
                Err(Errno::EXIST) => {}
                Err(Errno::NOENT) => return Ok(false),
                Err(errno) => return Err(contract_error(errno, self.path)),
            }
        }
        Ok(true)
    }

    /// Remove the directory at the leaf, unless it shows. It may have gone meanwhile.
    fn remove_leftover(&self) -> Result<()> {
        let holds = || match holds_object_in(self.directory(), self.leaf, 0) {
            Ok(holds) => Ok(holds),
            Err(errno) => Err(contract_error(errno, self.path)),
        };
        if holds()? {
            return Err(Error::is_a_directory(self.path));
        }
        match remove_empty_directories(self.directory(), self.leaf) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            // An object that has just come will be seen next time.
            Err(Errno::NOTEMPTY | Errno::EXIST) if holds()? => Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) => {
                let reason = "a directory is in the way that holds no object, but something else";
                Err(Error::permission_denied(self.path).with_reason(reason))
            }
            Err(errno) => Err(contract_error(errno, self.path)),
        }
    }
}
