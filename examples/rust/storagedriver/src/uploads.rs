//! The uploads that are open in this process, for the calls that name them by id (9.7).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::driver::{StorageDriver, Upload};
use crate::error::{Error, ErrorKind, Result};

/// Holds the writers between calls, which may come on any channel.
pub struct OpenUploads {
    driver: Arc<dyn StorageDriver>,
    open: Mutex<HashMap<String, Arc<Open>>>,
}

struct Open {
    path: String,
    // For one thread at a time. None once it has ended, or another has come into its place.
    writer: Mutex<Option<Box<dyn Upload>>>,
}

/// Whether a writer is kept after a step.
enum Then {
    Keep,
    End,
}

impl OpenUploads {
    /// None yet.
    pub fn new(driver: Arc<dyn StorageDriver>) -> Self {
        Self { driver, open: Mutex::default() }
    }

    /// Open a new upload to `path`, or that of `upload_id`; return its id and size.
    pub fn open(&self, path: &str, upload_id: Option<&str>) -> Result<(String, u64)> {
        let writer = self.driver.open_upload(path, upload_id)?;
        let (id, size) = (writer.upload_id().to_owned(), writer.size());
        let opened = Open { path: path.to_owned(), writer: Mutex::new(Some(writer)) };
        let former = lock(&self.open).insert(id.clone(), Arc::new(opened));
        if let Some(mut former) = former.and_then(|former| lock(&former.writer).take()) {
            former.close()?;
        }
        Ok((id, size))
    }

    /// Refuse a write at `offset` before its content is read.
    pub fn check(&self, upload_id: &str, offset: u64) -> Result<()> {
        self.step(upload_id, |path, writer| {
            check_offset(path, writer, offset).map(|()| ((), Then::Keep))
        })
    }

    /// Append `content`, which the host has for `offset`; return the size afterwards.
    pub fn write(&self, upload_id: &str, offset: u64, content: &[u8]) -> Result<u64> {
        self.step(upload_id, |path, writer| {
            check_offset(path, writer, offset)?;
            writer.write(content).map_err(|mut error| {
                if !matches!(error.kind(), ErrorKind::PathNotFound { .. }) {
                    error.stored.get_or_insert(writer.size());
                }
                error
            })?;
            let size = writer.size();
            if size != offset + content.len() as u64 {
                let given = content.len();
                let text = format!("The driver tells a size of {size}, given {given} at {offset}");
                return Err(Error::internal(text));
            }
            Ok((size, Then::Keep))
        })
    }

    /// Publish the upload, which is open no more then.
    pub fn commit(&self, upload_id: &str, size: Option<u64>, digest: Option<&str>) -> Result<()> {
        self.step(upload_id, |_, writer| writer.commit(size, digest).map(|()| ((), Then::End)))
    }

    /// Drop the upload, which is open no more then.
    pub fn cancel(&self, upload_id: &str) -> Result<()> {
        self.step(upload_id, |_, writer| writer.cancel().map(|()| ((), Then::End)))
    }

    /// Close the writer, which keeps the upload. One that is not open is no error.
    pub fn close(&self, upload_id: &str) -> Result<()> {
        let found = lock(&self.open).remove(upload_id);
        match found.and_then(|found| lock(&found.writer).take()) {
            Some(mut writer) => writer.close(),
            None => Ok(()),
        }
    }

    /// Close all writers, which keeps their uploads.
    pub fn close_all(&self) {
        let all: Vec<String> = lock(&self.open).keys().cloned().collect();
        for upload_id in all {
            if let Err(error) = self.close(&upload_id) {
                log::warn!("an upload could not be closed: {error}");
            }
        }
    }

    fn step<T>(
        &self,
        upload_id: &str,
        mut act: impl FnMut(&str, &mut dyn Upload) -> Result<(T, Then)>,
    ) -> Result<T> {
        loop {
            let Some(found) = lock(&self.open).get(upload_id).cloned() else {
                return Err(Error::path_not_found(upload_id).with_reason("no such upload is open"));
            };
            let mut held = lock(&found.writer);
            // While this waited another may have come into its place.
            let Some(writer) = held.as_mut() else {
                self.forget(upload_id, &found);
                continue;
            };
            let (value, then) = act(&found.path, writer.as_mut())?;
            if matches!(then, Then::End) {
                *held = None;
                self.forget(upload_id, &found);
            }
            return Ok(value);
        }
    }

    fn forget(&self, upload_id: &str, ended: &Arc<Open>) {
        let mut open = lock(&self.open);
        if open.get(upload_id).is_some_and(|found| Arc::ptr_eq(found, ended)) {
            open.remove(upload_id);
        }
    }
}

fn check_offset(path: &str, writer: &dyn Upload, offset: u64) -> Result<()> {
    if writer.size() == offset {
        return Ok(());
    }
    Err(Error::invalid_offset(path, offset).with_stored(writer.size()))
}

/// A driver that has panicked has told so; what it left behind is still looked at.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
