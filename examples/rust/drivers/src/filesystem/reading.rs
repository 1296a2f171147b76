//! Reading an object as a stream.

use std::os::fd::OwnedFd;

use rustix::buffer::spare_capacity;
use rustix::fs::Stat;
use rustix::io::pread;
use storagedriver::{Error, ReadStream, Result};

use super::system::{AboutPath, size_of};

/// Reads an open file from an offset to the size that it had when it was opened.
///
/// A file that is written in place meanwhile may show what is new, but if it was cut the stream
/// fails and does not end early.
pub struct ObjectStream {
    file: OwnedFd,
    path: String,
    position: u64,
    size: u64,
    version: Vec<u8>,
}

impl ObjectStream {
    /// Of a file with this status.
    pub fn new(file: OwnedFd, status: &Stat, offset: u64, path: &str) -> Self {
        let version = version_of(status);
        Self { file, path: path.to_owned(), position: offset, size: size_of(status), version }
    }
}

/// What names the content of a file. The time of the last change of the inode is among it, because
/// that of the content is ours to set.
#[allow(clippy::unnecessary_cast)] // The fields have other types on other machines.
fn version_of(status: &Stat) -> Vec<u8> {
    let nanoseconds =
        |seconds: i64, rest: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(rest);
    let modified = nanoseconds(status.st_mtime as i64, status.st_mtime_nsec as i64);
    let changed = nanoseconds(status.st_ctime as i64, status.st_ctime_nsec as i64);
    let (device, inode) = (status.st_dev as i64, status.st_ino as i64);
    let numbers = [device, inode, modified, changed, status.st_size as i64];
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

impl ReadStream for ObjectStream {
    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn version(&self) -> &[u8] {
        &self.version
    }

    fn read(&mut self, buffer: &mut Vec<u8>, limit: usize) -> Result<()> {
        let left = usize::try_from(self.size.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let wanted = left.min(limit);
        if wanted == 0 {
            return Ok(());
        }
        let before = buffer.len();
        buffer.reserve_exact(wanted);
        // The kernel writes where nothing was written before: no byte is set twice.
        let count = pread(&self.file, spare_capacity(buffer), self.position).about(&self.path)?;
        buffer.truncate(before + wanted);
        if count == 0 {
            let reason = format!("it ended at {} of {} bytes", self.position, self.size);
            return Err(Error::content_changed(&self.path).with_reason(reason));
        }
        self.position += (buffer.len() - before) as u64;
        Ok(())
    }
}
