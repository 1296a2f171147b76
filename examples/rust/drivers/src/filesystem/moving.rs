//! Moving an object or a directory, by one rename.

use rustix::fs::{AtFlags, Stat, renameat, unlinkat, utimensat};
use rustix::io::Errno;
use storagedriver::{Error, ErrorKind, Result};

use super::parents::{Parents, Unplaced};
use super::root::Root;
use super::system::{AboutPath, content_time, is_directory, is_same, mod_time};

/// Move what is at `source`, replacing the object at `destination`.
pub fn rename(root: &Root, source: &str, destination: &str) -> Result<()> {
    let mut above_source = Parents::new(root, source)?;
    let mut above = Parents::new(root, destination)?;
    let moved = above_source.look()?.ok_or_else(|| Error::path_not_found(source))?;
    if source == destination {
        return Ok(());
    }
    let replaced = above.look()?;
    check(source, destination, &moved, replaced.as_ref())?;
    if let Some(replaced) = &replaced {
        keep_time(&above_source, &moved, replaced);
    }
    let leaf = above.leaf;
    let placed = above.place(|place| {
        match renameat(above_source.directory(), above_source.leaf, place, leaf) {
            Err(Errno::NOENT) if above_source.look().is_ok_and(|found| found.is_none()) => {
                Err(Unplaced::Told(Error::path_not_found(source)))
            }
            Err(Errno::XDEV) => Err(Unplaced::Told(across(source, destination))),
            other => other.map_err(Unplaced::from),
        }
    });
    if placed.is_err() {
        above.undo();
    }
    placed?;
    if replaced.is_some_and(|replaced| is_same(&moved, &replaced)) {
        // Two names of one file, which only another program makes: the rename did nothing.
        let removed = unlinkat(above_source.directory(), above_source.leaf, AtFlags::empty());
        removed.about(source)?;
    }
    above
        .sync()
        .and_then(|()| above_source.sync())
        .map_err(|errno| not_synced("Move", destination, errno))?;
    above_source.prune();
    Ok(())
}

fn check(source: &str, destination: &str, moved: &Stat, replaced: Option<&Stat>) -> Result<()> {
    if is_directory(moved) && destination.starts_with(&format!("{source}/")) {
        return Err(Error::invalid_path(destination).with_reason("lies inside what is to move"));
    }
    match replaced {
        Some(replaced) if is_directory(replaced) => Err(Error::is_a_directory(destination)),
        Some(_) if is_directory(moved) => Err(Error::not_a_directory(destination)),
        _ => Ok(()),
    }
}

/// Let the time at the destination not go back. Before the rename, or a crash would leave it in the
/// past; a source that is younger for a moment harms nobody.
fn keep_time(source: &Parents<'_>, moved: &Stat, replaced: &Stat) {
    let time = mod_time(replaced);
    if mod_time(moved) < time {
        let (times, flags) = (content_time(time), AtFlags::SYMLINK_NOFOLLOW);
        // Another user's file can be moved, but its time not set.
        let _ = utimensat(source.directory(), source.leaf, &times, flags);
    }
}

fn across(source: &str, destination: &str) -> Error {
    let text = format!("Move of {source} to another file system, {destination}");
    Error::unsupported("Move").with_message(format!("Unsupported method: {text}"))
}

/// The error for a change that happened, but might not survive a power cut.
pub fn not_synced(method: &str, path: &str, errno: Errno) -> Error {
    Error::new(ErrorKind::OutcomeUnknown { method: method.into(), path: path.into() })
        .with_reason(format!("its directory cannot be synced: {}", std::io::Error::from(errno)))
}
