//! The files in which hidden uploads are kept, and what crashes leave of them.
//!
//! An upload is two files in a directory of the root whose name no path rule allows: its path,
//! written and synced first, and its content, which appears at the path by a rename. It is there
//! while both are. So a crash leaves at most a path without content, which is no upload.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FlockOperation, OFlags, flock, fstat, statat, unlinkat};
use rustix::io::{Errno, read};
use storagedriver::{Error, Result, UploadInfo};

use super::removal::all_entries;
use super::root::{Root, components};
use super::staging::{STALE_SECONDS, now_seconds, open_or_make};
use super::system::{
    AboutPath, DIRECTORY, MAKING, READING, is_file, is_same, mod_time, open_in, size_of, sync,
    write_all,
};

/// In the root, and so on its file system: a rename from here is atomic.
const DIRECTORY_NAME: &str = ".uploads~";
const CONTENT: &str = ".data~";
const PATH: &str = ".path~";
const WRITING: OFlags =
    OFlags::RDWR.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// The name of the content of an upload.
pub fn content_name(id: &str) -> String {
    format!("{id}{CONTENT}")
}

/// The error for an id that is none of this path, or none any more.
pub fn no_such_upload(path: &str) -> Error {
    Error::path_not_found(path).with_reason("there is no such upload")
}

/// The directory of the uploads, opened for each step: somebody may tidy up.
pub fn open_uploads(root: &Root) -> rustix::io::Result<OwnedFd> {
    open_in(root.fd(), DIRECTORY_NAME, DIRECTORY)
}

/// Make a new upload, which is there after a power cut too; return its id and content.
pub fn make_upload(root: &Root, path: &str) -> Result<(String, OwnedFd)> {
    let id = crate::random_name()?;
    let directory = open_or_make(root, DIRECTORY_NAME).about(path)?;
    let made = (|| {
        let named = open_in(directory.as_fd(), &format!("{id}{PATH}"), MAKING)?;
        // The newline at the end: what a power cut has cut short cannot pass for another path.
        write_all(&named, format!("{path}\n").as_bytes(), 0)?;
        sync(named)?;
        let content = open_in(directory.as_fd(), &content_name(&id), MAKING)?;
        sync(&directory)?;
        Ok(content)
    })();
    if made.is_err() {
        let _ = remove_upload(directory.as_fd(), &id);
    }
    Ok((id, made.about(path)?))
}

/// Open the content of an upload that is there. What is no id never comes near the file system.
pub fn find_upload(root: &Root, path: &str, id: &str) -> Result<OwnedFd> {
    if !is_id(id) {
        return Err(no_such_upload(path));
    }
    let found = (|| {
        let directory = open_uploads(root)?;
        if read_path(directory.as_fd(), id)?.as_deref() != Some(path) {
            return Err(Errno::NOENT);
        }
        let content = open_in(directory.as_fd(), &content_name(id), WRITING)?;
        if is_file(&fstat(&content)?) { Ok(content) } else { Err(Errno::NOENT) }
    })();
    match found {
        Err(Errno::NOENT) => Err(no_such_upload(path)),
        found => found.about(path),
    }
}

/// The uploads to `prefix` and below, in order of path and id.
pub fn list_uploads(root: &Root, prefix: &str) -> rustix::io::Result<Vec<UploadInfo>> {
    let below = if prefix == "/" { "/".to_owned() } else { format!("{prefix}/") };
    let directory = match open_uploads(root) {
        Err(Errno::NOENT) => return Ok(Vec::new()),
        directory => directory?,
    };
    let mut found = Vec::new();
    for upload_id in ids(directory.as_fd(), CONTENT)? {
        let Some(path) = read_path(directory.as_fd(), &upload_id)? else {
            continue;
        };
        if path != prefix && !path.starts_with(&below) {
            continue;
        }
        let status = statat(&directory, content_name(&upload_id), AtFlags::SYMLINK_NOFOLLOW);
        // It may have ended meanwhile.
        if let Ok(status) = status {
            let (size, time) = (size_of(&status), mod_time(&status));
            found.push(UploadInfo { upload_id, path, size, time });
        }
    }
    found.sort_by(|one, other| (&one.path, &one.upload_id).cmp(&(&other.path, &other.upload_id)));
    Ok(found)
}

/// Remove the files of an upload. The content first: without it there is no upload.
pub fn remove_upload(directory: BorrowedFd<'_>, id: &str) -> rustix::io::Result<()> {
    for name in [content_name(id), format!("{id}{PATH}")] {
        match unlinkat(directory, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Remove uploads that nobody has written to for so many seconds, and what is no upload; 0 keeps
/// the uploads. What cannot be removed stays.
pub fn sweep_uploads(root: &Root, expiry_seconds: i64) {
    let Ok(directory) = open_uploads(root) else {
        return;
    };
    for id in ids(directory.as_fd(), PATH).unwrap_or_default() {
        let is_there = statat(&directory, content_name(&id), AtFlags::SYMLINK_NOFOLLOW).is_ok();
        let seconds = if is_there { expiry_seconds } else { STALE_SECONDS };
        if seconds > 0 {
            let _ = remove_stale(directory.as_fd(), &id, now_seconds() - seconds, is_there);
        }
    }
}

fn remove_stale(
    directory: BorrowedFd<'_>,
    id: &str,
    stale_before: i64,
    is_there: bool,
) -> rustix::io::Result<()> {
    let name = if is_there { content_name(id) } else { format!("{id}{PATH}") };
    let file = open_in(directory, &name, WRITING)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    // Looked at under the lock: a writer may have come by.
    let status = fstat(&file)?;
    let there = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if mod_time(&status).seconds < stale_before && is_same(&status, &there) {
        remove_upload(directory, id)?;
    }
    Ok(())
}

/// The path of an upload, None if there is none or it is no whole one.
fn read_path(directory: BorrowedFd<'_>, id: &str) -> rustix::io::Result<Option<String>> {
    let file = match open_in(directory, &format!("{id}{PATH}"), READING) {
        Err(Errno::NOENT) => return Ok(None),
        file => file?,
    };
    let mut buffer = [0; 4_096];
    let length = read(&file, &mut buffer)?;
    let text = std::str::from_utf8(&buffer[..length]).unwrap_or_default();
    let path = text.strip_suffix('\n').filter(|path| components(path).is_ok());
    Ok(path.map(str::to_owned))
}

fn ids(directory: BorrowedFd<'_>, suffix: &str) -> rustix::io::Result<Vec<String>> {
    let entries = all_entries(directory)?.into_iter();
    let id = |(name, _): (String, bool)| name.strip_suffix(suffix).map(str::to_owned);
    Ok(entries.filter_map(id).filter(|id| is_id(id)).collect())
}

fn is_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
