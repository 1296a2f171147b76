//! The driver that keeps everything in this process's memory, and loses it with the driver.

mod segments;
mod tree;
mod uploads;
mod walk;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use storagedriver::{
    Error, FileInfo, Listing, Parameters, ReadStream, Reader, Result, StorageDriver, Time, Upload,
    UploadInfo, feature,
};

use segments::{Segments, SegmentsStream};
use tree::{Node, Object, Tree};
use uploads::{InMemoryUpload, Uploads};

/// What it is called.
pub const NAME: &str = "rust-inmemory";
/// What it has beyond the rest.
pub const FEATURES: &[&str] =
    &[feature::MOVE_DIRECTORIES, feature::UPLOADS, feature::VOLATILE, feature::WALK];

/// A tree of maps. Takes no parameters.
///
/// A write stores what its reader gave only when the reader has ended: after a failure the content
/// is untouched. One lock guards all; no call holds it while it moves content.
pub struct InMemoryDriver {
    store: Arc<Store>,
}

struct Store {
    state: Mutex<State>,
    // A driver that was started again counts from the beginning, and its versions must not pass
    // for those of the one before.
    nonce: String,
    writes: AtomicU64,
}

#[derive(Default)]
struct State {
    tree: Tree,
    uploads: Uploads,
}

impl InMemoryDriver {
    /// Make a driver. There are no parameters that it knows.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self> {
        crate::check_known(NAME, parameters, &[])?;
        let nonce = crate::random_name()?;
        let store = Store { state: Mutex::default(), nonce, writes: AtomicU64::new(0) };
        Ok(Self { store: Arc::new(store) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.store.lock()
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Put a content at a path, in place of the object that is there.
    fn put(&self, state: &mut State, path: &str, content: Segments) -> Result<()> {
        let old = state.tree.find_replaceable(path)?;
        let now = Time::now().cut_to_microseconds();
        // The time at a path never goes back, although clocks do.
        let mod_time = old.map_or(now, |old| old.mod_time.max(now));
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        let version = format!("{}{number:x}", self.nonce).into_bytes();
        state.tree.place(path, Node::Object(Arc::new(Object { content, mod_time, version })))
    }
}

/// All that a reader gives.
fn read_all(reader: &mut dyn Reader, content: &mut Segments) -> Result<u64> {
    let before = content.size();
    while let Some(piece) = reader.next_piece()? {
        content.append(piece.into_vec());
    }
    Ok(content.size() - before)
}

fn check_offset(path: &str, offset: u64, old: Option<&Object>) -> Result<()> {
    let size = old.map_or(0, |old| old.content.size());
    if offset > size { Err(Error::invalid_offset(path, offset)) } else { Ok(()) }
}

impl StorageDriver for InMemoryDriver {
    fn name(&self) -> &str {
        NAME
    }

    fn features(&self) -> &'static [&'static str] {
        FEATURES
    }

    fn read_stream(&self, path: &str, offset: u64) -> Result<Box<dyn ReadStream>> {
        let found = self.state().tree.find_object(path)?;
        Ok(Box::new(SegmentsStream::new(found, offset)))
    }

    fn put_content(&self, path: &str, reader: &mut dyn Reader) -> Result<()> {
        self.state().tree.find_replaceable(path)?;
        let mut content = Segments::default();
        read_all(reader, &mut content)?;
        self.store.put(&mut self.state(), path, content)
    }

    fn write_stream(&self, path: &str, offset: u64, reader: &mut dyn Reader) -> Result<u64> {
        check_offset(path, offset, self.state().tree.find_replaceable(path)?.as_deref())?;
        let mut written = Segments::default();
        let count = read_all(reader, &mut written)?;
        let mut state = self.state();
        let old = state.tree.find_replaceable(path)?;
        check_offset(path, offset, old.as_deref())?;
        let mut content = old.map_or_else(Segments::default, |old| old.content.first(offset));
        content.extend(written);
        self.store.put(&mut state, path, content)?;
        Ok(count)
    }

    fn stat(&self, path: &str) -> Result<FileInfo> {
        Ok(match self.state().tree.find(path)? {
            Node::Object(object) => object.info(path),
            Node::Directory(_) => FileInfo::directory(path),
        })
    }

    fn list(&self, path: &str) -> Result<Vec<String>> {
        let state = self.state();
        Ok(state.tree.directory(path)?.keys().cloned().collect())
    }

    fn walk(&self, path: &str, start_after: &str) -> Result<Listing<FileInfo>> {
        Ok(Box::new(walk::Walk::new(Arc::clone(&self.store), path, start_after)?))
    }

    fn rename(&self, source: &str, destination: &str) -> Result<()> {
        let mut state = self.state();
        let is_directory = match state.tree.find(source)? {
            _ if source == destination => return Ok(()),
            Node::Directory(_) => true,
            Node::Object(_) => false,
        };
        if is_directory && destination.starts_with(&format!("{source}/")) {
            return Err(Error::invalid_path(destination).with_reason("lies inside what is to move"));
        }
        let replaced = state.tree.find_replaceable(destination)?;
        if is_directory && replaced.is_some() {
            return Err(Error::not_a_directory(destination));
        }
        let moved = match (state.tree.remove(source)?, replaced) {
            (Node::Object(moved), Some(replaced)) => {
                let mod_time = moved.mod_time.max(replaced.mod_time);
                Node::Object(Arc::new(Object { mod_time, ..(*moved).clone() }))
            }
            (moved, _) => moved,
        };
        state.tree.place(destination, moved)
    }

    fn delete(&self, path: &str) -> Result<()> {
        self.state().tree.remove(path).map(drop)
    }

    fn open_upload(&self, path: &str, upload_id: Option<&str>) -> Result<Box<dyn Upload>> {
        let mut state = self.state();
        let id = match upload_id {
            Some(id) => id.to_owned(),
            None => state.uploads.make(path)?,
        };
        let size = state.uploads.find(path, &id)?.content.size();
        Ok(Box::new(InMemoryUpload::new(Arc::clone(&self.store), path, id, size)))
    }

    fn uploads(&self, prefix: &str) -> Result<Listing<UploadInfo>> {
        Ok(Box::new(self.state().uploads.below(prefix).into_iter().map(Ok)))
    }
}
