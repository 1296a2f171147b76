//! Writing an object in place, at an offset: readers see it grow, and what was stored stays when
//! the write fails. So a write of any size needs no second copy, and can be continued.

use rustix::fs::{OFlags, Stat, fstat, ftruncate};
use storagedriver::{Content, Error, Reader, Result};

use super::parents::{Parents, Unplaced};
use super::root::Root;
use super::system::{
    AboutPath, WRITING, in_the_way, is_directory, is_file, keep_time, mod_time, open_in, size_of,
    sync, write_all,
};

/// Store what the reader gives; return how much it was.
pub fn write_in_place(
    root: &Root,
    path: &str,
    offset: u64,
    reader: &mut dyn Reader,
) -> Result<u64> {
    check(Parents::new(root, path)?.look()?.as_ref(), path, offset)?;
    // Nothing is cut or made before the reader has shown that it can read.
    let first = reader.next_piece()?;
    let mut parents = Parents::new(root, path)?;
    let written = write(&mut parents, offset, first, reader);
    if written.is_err() {
        parents.undo();
    }
    written
}

fn write(
    parents: &mut Parents<'_>,
    offset: u64,
    first: Option<Content>,
    reader: &mut dyn Reader,
) -> Result<u64> {
    let path = parents.path;
    let file = if offset > 0 {
        check(parents.look()?.as_ref(), path, offset)?;
        open_in(parents.directory(), parents.leaf, WRITING).about(path)?
    } else {
        let (leaf, flags) = (parents.leaf, WRITING | OFlags::CREATE);
        parents.place(|place| open_in(place, leaf, flags).map_err(Unplaced::from))?
    };
    let old = fstat(&file).about(path)?;
    check(Some(&old), path, offset)?;
    if size_of(&old) > offset {
        ftruncate(&file, offset).about(path)?;
    }
    let mut position = offset;
    let mut piece = first;
    while let Some(content) = piece {
        write_all(&file, &content, position).about(path)?;
        position += content.len() as u64;
        piece = reader.next_piece()?;
    }
    keep_time(&file, mod_time(&old)).about(path)?;
    sync(&file).about(path)?;
    if offset == 0 {
        // The object may be new.
        parents.sync().about(path)?;
    }
    Ok(position - offset)
}

fn check(status: Option<&Stat>, path: &str, offset: u64) -> Result<()> {
    let size = match status {
        None => 0,
        Some(status) if is_directory(status) => return Err(Error::is_a_directory(path)),
        Some(status) if !is_file(status) => return Err(in_the_way(path)),
        Some(status) => size_of(status),
    };
    if offset > size { Err(Error::invalid_offset(path, offset)) } else { Ok(()) }
}
