//! Hidden uploads of the inmemory driver, which grow out of its tree.

use std::collections::HashMap;
use std::sync::Arc;

use storagedriver::{DigestCheck, Error, Result, Time, Upload, UploadInfo};

use super::segments::Segments;
use super::{NAME, State, Store};

/// All uploads of a driver by id.
#[derive(Default)]
pub struct Uploads {
    by_id: HashMap<String, Hidden>,
}

/// One upload as it is by now.
pub struct Hidden {
    path: String,
    time: Time,
    /// What was written so far.
    pub content: Segments,
}

impl Uploads {
    /// A new one; return its id.
    pub fn make(&mut self, path: &str) -> Result<String> {
        let id = crate::random_name()?;
        let (time, content) = (Time::now().cut_to_microseconds(), Segments::default());
        self.by_id.insert(id.clone(), Hidden { path: path.to_owned(), time, content });
        Ok(id)
    }

    /// PathNotFound if there is no such upload to `path`.
    pub fn find(&mut self, path: &str, id: &str) -> Result<&mut Hidden> {
        let found = self.by_id.get_mut(id).filter(|found| found.path == path);
        found.ok_or_else(|| Error::path_not_found(path).with_reason("there is no such upload"))
    }

    /// Those to `prefix` and below, in order of path and id.
    pub fn below(&self, prefix: &str) -> Vec<UploadInfo> {
        let start = if prefix == "/" { "/".to_owned() } else { format!("{prefix}/") };
        let is_below = |path: &str| path == prefix || path.starts_with(&start);
        let info = |(id, hidden): (&String, &Hidden)| UploadInfo {
            upload_id: id.clone(),
            path: hidden.path.clone(),
            size: hidden.content.size(),
            time: hidden.time,
        };
        let found = self.by_id.iter().filter(|(_, hidden)| is_below(&hidden.path));
        let mut infos: Vec<_> = found.map(info).collect();
        infos.sort_by(|one, other| {
            (&one.path, &one.upload_id).cmp(&(&other.path, &other.upload_id))
        });
        infos
    }
}

/// One writer of an upload.
pub struct InMemoryUpload {
    store: Arc<Store>,
    path: String,
    id: String,
    size: u64,
}

impl InMemoryUpload {
    /// `size` is what is stored now.
    pub fn new(store: Arc<Store>, path: &str, id: String, size: u64) -> Self {
        Self { store, path: path.to_owned(), id, size }
    }

    fn find<'a>(&self, state: &'a mut State) -> Result<&'a mut Hidden> {
        state.uploads.find(&self.path, &self.id)
    }

    fn mismatch(&self, reason: &str) -> Error {
        Error::checksum_mismatch(&self.path).with_reason(reason)
    }
}

impl Upload for InMemoryUpload {
    fn upload_id(&self) -> &str {
        &self.id
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn write(&mut self, content: &[u8]) -> Result<()> {
        let mut state = self.store.lock();
        let hidden = self.find(&mut state)?;
        let stored = hidden.content.size();
        if stored != self.size {
            return Err(Error::invalid_offset(&self.path, self.size).with_stored(stored));
        }
        hidden.content.append(content.to_vec());
        hidden.time = Time::now().cut_to_microseconds();
        self.size = hidden.content.size();
        Ok(())
    }

    fn commit(&mut self, size: Option<u64>, digest: Option<&str>) -> Result<()> {
        let check = digest.map(|digest| DigestCheck::new(NAME, digest)).transpose()?;
        let content = self.find(&mut self.store.lock())?.content.clone();
        if content.size() != size.unwrap_or(self.size) {
            return Err(self.mismatch("the upload has another size"));
        }
        // Not under the lock, as it takes time; nobody changes these runs.
        if let Some(mut check) = check {
            content.runs().for_each(|run| check.update(run));
            if !check.matches() {
                return Err(self.mismatch("the upload has another digest"));
            }
        }
        let mut state = self.store.lock();
        if self.find(&mut state)?.content.size() != content.size() {
            return Err(self.mismatch("it was written to meanwhile"));
        }
        self.store.put(&mut state, &self.path, content)?;
        state.uploads.by_id.remove(&self.id);
        Ok(())
    }

    fn cancel(&mut self) -> Result<()> {
        let mut state = self.store.lock();
        self.find(&mut state)?;
        state.uploads.by_id.remove(&self.id);
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}
