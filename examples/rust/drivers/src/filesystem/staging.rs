//! Contents that are written out of sight, to appear whole by one rename.
//!
//! A staging file has a name that no path rule allows, so that it never shows and never meets an
//! object. Its writer holds a lock on it for as long as it lives: so whoever finds one that is old
//! and not locked knows that it was left by a crash.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{
    AtFlags, FlockOperation, OFlags, Stat, flock, mkdirat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use storagedriver::Result;

use super::removal::all_entries;
use super::root::Root;
use super::system::{
    AboutPath, DIRECTORY, MAKING, directory_mode, mod_time, open_in, sync, take_over, write_all,
};

/// In the root, and so on its file system: a rename from here is atomic.
const DIRECTORY_NAME: &str = ".staging~";

/// How old a staging file is that a sweep removes. For an instant after it was made a live one is
/// not locked; an hour is beyond that by far.
pub const STALE_SECONDS: i64 = 3_600;

/// One staging file, which is gone when this is dropped, unless it was renamed.
pub struct StagedFile {
    directory: OwnedFd,
    name: String,
    file: OwnedFd,
    written: u64,
    is_renamed: bool,
}

impl StagedFile {
    /// A new one. Errors are about `path`.
    pub fn create(root: &Root, path: &str) -> Result<Self> {
        let name = format!("{}~", crate::random_name()?);
        let directory = open_or_make(root, DIRECTORY_NAME).about(path)?;
        let file = open_in(directory.as_fd(), &name, MAKING).about(path)?;
        // Where locks are not to be had, nothing sweeps either.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Self { directory, name, file, written: 0, is_renamed: false })
    }

    /// Append all of `content`.
    pub fn write(&mut self, content: &[u8]) -> rustix::io::Result<()> {
        write_all(&self.file, content, self.written)?;
        self.written += content.len() as u64;
        Ok(())
    }

    /// Make it durable. After an error the content is not to be trusted: there is no second try.
    pub fn finish(&self, replaced: Option<&Stat>) -> rustix::io::Result<()> {
        if let Some(replaced) = replaced {
            take_over(&self.file, replaced)?;
        }
        sync(&self.file)
    }

    /// Let it appear, in place of whatever object is there.
    pub fn rename(&mut self, directory: BorrowedFd<'_>, name: &str) -> rustix::io::Result<()> {
        renameat(&self.directory, &*self.name, directory, name)?;
        self.is_renamed = true;
        Ok(())
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.is_renamed {
            let _ = unlinkat(&self.directory, &*self.name, AtFlags::empty());
        }
    }
}

/// Open a directory of our own in the root, and make it if it is missing.
pub fn open_or_make(root: &Root, name: &str) -> rustix::io::Result<OwnedFd> {
    match open_in(root.fd(), name, DIRECTORY) {
        Err(Errno::NOENT) => {}
        other => return other,
    }
    match mkdirat(root.fd(), name, directory_mode()) {
        Ok(()) => sync(root.fd())?,
        Err(Errno::EXIST) => {}
        Err(errno) => return Err(errno),
    }
    open_in(root.fd(), name, DIRECTORY)
}

/// Seconds since 1970.
pub fn now_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Remove what crashes have left. What cannot be removed stays.
pub fn sweep(root: &Root) {
    let Ok(directory) = open_in(root.fd(), DIRECTORY_NAME, DIRECTORY) else {
        return;
    };
    for (name, _) in all_entries(directory.as_fd()).unwrap_or_default() {
        // One that is another's to remove is no reason to leave the others.
        let _ = remove_stale(directory.as_fd(), &name);
    }
}

fn remove_stale(directory: BorrowedFd<'_>, name: &str) -> rustix::io::Result<()> {
    let status = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let is_ours = name.len() == 33 && name.ends_with('~');
    if !is_ours || mod_time(&status).seconds >= now_seconds() - STALE_SECONDS {
        return Ok(());
    }
    // For writing, as some file systems lock by nothing less.
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = open_in(directory, name, flags)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    unlinkat(directory, name, AtFlags::empty())
}
