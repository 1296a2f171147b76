//! Hidden uploads: written, checked, and published by one rename.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{
    AtFlags, FlockOperation, Timespec, Timestamps, UTIME_NOW, flock, fstat, futimens, renameat,
    statat,
};
use rustix::io::{Errno, pread};
use storagedriver::{DigestCheck, Error, Result, Upload};

use super::NAME;
use super::moving::not_synced;
use super::parents::{Parents, Unplaced};
use super::root::Root;
use super::system::{contract_error, is_directory, is_same, size_of, sync, take_over, write_all};
use super::upload_files::{
    content_name, find_upload, make_upload, no_such_upload, open_uploads, remove_upload,
};

/// How much of a content is read at a time for its digest.
const PIECE_BYTES: usize = 1 << 20;

/// One writer of an upload. It holds no lock between its calls, and one descriptor.
///
/// A `write` is not synced; `commit` and `close` are.
pub struct FilesystemUpload {
    root: Arc<Root>,
    path: String,
    id: String,
    content: OwnedFd,
    size: u64,
}

/// An upload that is held for one step; the lock goes with the process, too.
struct Held<'a> {
    directory: OwnedFd,
    content: &'a OwnedFd,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = flock(self.content, FlockOperation::Unlock);
    }
}

impl FilesystemUpload {
    /// A new upload to `path`, or the one of this id.
    pub fn open(root: Arc<Root>, path: &str, id: Option<&str>) -> Result<Self> {
        let (id, content) = match id {
            Some(id) => (id.to_owned(), find_upload(&root, path, id)?),
            None => make_upload(&root, path)?,
        };
        let status = fstat(&content).map_err(|errno| contract_error(errno, path))?;
        Ok(Self { root, path: path.to_owned(), id, content, size: size_of(&status) })
    }

    /// Wait for whoever else holds the upload. NOENT if it is none any more: then the file may be
    /// an object by now, and must not be touched.
    fn hold(&self) -> rustix::io::Result<Held<'_>> {
        let directory = open_uploads(&self.root)?;
        flock(&self.content, FlockOperation::LockExclusive)?;
        let held = Held { directory, content: &self.content };
        let name = content_name(&self.id);
        let there = statat(&held.directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if is_same(&there, &fstat(&self.content)?) { Ok(held) } else { Err(Errno::NOENT) }
    }

    fn stored(&self) -> rustix::io::Result<u64> {
        Ok(size_of(&fstat(&self.content)?))
    }

    fn error(&self, errno: Errno) -> Error {
        match errno {
            Errno::NOENT => no_such_upload(&self.path),
            _ => contract_error(errno, &self.path),
        }
    }

    fn mismatch(&self, reason: &str) -> Error {
        Error::checksum_mismatch(&self.path).with_reason(reason)
    }

    /// Check what is stored, and return the size of what was checked. It is held only for its size
    /// to be seen: reading takes time, and what is there of an upload does not change.
    fn check(&self, size: u64, digest: Option<DigestCheck>) -> Result<u64> {
        let held = self.hold().map_err(|errno| self.error(errno))?;
        let stored = self.stored().map_err(|errno| self.error(errno))?;
        drop(held);
        if stored != size {
            let reason = format!("the upload has {stored} bytes, and should have {size}");
            return Err(self.mismatch(&reason));
        }
        let Some(mut digest) = digest else {
            return Ok(stored);
        };
        let mut buffer = vec![0; PIECE_BYTES];
        let mut position = 0;
        while position < stored {
            let wanted = PIECE_BYTES.min(usize::try_from(stored - position).unwrap_or(PIECE_BYTES));
            let count = pread(&self.content, &mut buffer[..wanted], position);
            match count.map_err(|errno| self.error(errno))? {
                0 => return Err(self.mismatch("somebody has cut the upload")),
                count => {
                    digest.update(&buffer[..count]);
                    position += count as u64;
                }
            }
        }
        if digest.matches() {
            Ok(stored)
        } else {
            Err(self.mismatch("the upload has another digest"))
        }
    }

    fn publish(&self, parents: &mut Parents<'_>, checked: u64) -> Result<()> {
        let about = |errno| self.error(errno);
        let held = self.hold().map_err(about)?;
        if self.stored().map_err(about)? != checked {
            return Err(self.mismatch("it was written to meanwhile"));
        }
        // As of a put: its time is that of its coming, not of a write some days ago.
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        futimens(&self.content, &times).map_err(about)?;
        // Looked at last: from here to the rename there is little time for things to change.
        if let Some(replaced) = parents.look()? {
            if is_directory(&replaced) {
                return Err(Error::is_a_directory(&self.path));
            }
            take_over(&self.content, &replaced).map_err(about)?;
        }
        self.sync()?;
        let (name, leaf) = (content_name(&self.id), parents.leaf);
        parents.place(|place| {
            renameat(&held.directory, &*name, place, leaf).map_err(Unplaced::from)
        })?;
        // From here on there is no upload. What cannot be removed is left to a sweep.
        let _ = remove_upload(held.directory.as_fd(), &self.id);
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        sync(&self.content).map_err(|errno| {
            // Nobody can tell what is on the disk, and a second attempt would seem to succeed.
            if let Ok(directory) = open_uploads(&self.root) {
                let _ = remove_upload(directory.as_fd(), &self.id);
            }
            self.error(errno)
        })
    }
}

impl Upload for FilesystemUpload {
    fn upload_id(&self) -> &str {
        &self.id
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn write(&mut self, content: &[u8]) -> Result<()> {
        let held = self.hold().map_err(|errno| self.error(errno))?;
        let stored = self.stored().map_err(|errno| self.error(errno))?;
        if stored != self.size {
            return Err(Error::invalid_offset(&self.path, self.size).with_stored(stored));
        }
        let written = write_all(&self.content, content, stored);
        // Also after a failure: what was stored of it stays.
        let size = self.stored();
        drop(held);
        self.size = size.map_err(|errno| self.error(errno))?;
        written.map_err(|errno| self.error(errno))
    }

    fn commit(&mut self, size: Option<u64>, digest: Option<&str>) -> Result<()> {
        let digest = digest.map(|digest| DigestCheck::new(NAME, digest)).transpose()?;
        let checked = self.check(size.unwrap_or(self.size), digest)?;
        let mut parents = Parents::new(&self.root, &self.path)?;
        if let Err(error) = self.publish(&mut parents, checked) {
            parents.undo();
            return Err(error);
        }
        parents.sync().map_err(|errno| not_synced("CommitUpload", &self.path, errno))
    }

    fn cancel(&mut self) -> Result<()> {
        let removed = self.hold().and_then(|held| remove_upload(held.directory.as_fd(), &self.id));
        removed.map_err(|errno| self.error(errno))
    }

    fn close(&mut self) -> Result<()> {
        self.sync()
    }
}
