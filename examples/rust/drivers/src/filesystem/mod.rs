//! The driver that keeps objects as files below one directory.
//!
//! An object is a file, its path the path below the root; what others put there by the rules is an
//! object too. How contents get there atomically stands in `staging`, and why nothing outside the
//! root is reached in `root`.

mod in_place;
mod moving;
mod parents;
mod reading;
mod removal;
mod root;
mod staging;
mod system;
mod upload;
mod upload_files;
mod visible;
mod walk;

use std::sync::Arc;

use rustix::fs::{AtFlags, unlinkat};
use serde_json::Value;
use storagedriver::{
    Error, ErrorKind, FileInfo, Listing, Parameters, ReadStream, Reader, Result, StorageDriver,
    Upload, UploadInfo, feature,
};

use parents::{Parents, Unplaced};
use reading::ObjectStream;
use root::{Root, split};
use staging::StagedFile;
use system::{AboutPath, is_directory};
use upload::FilesystemUpload;

/// What it is called.
pub const NAME: &str = "rust-filesystem";
/// What it has beyond the rest.
pub const FEATURES: &[&str] =
    &[feature::CONSTANT_MEMORY, feature::MOVE_DIRECTORIES, feature::UPLOADS, feature::WALK];

/// A week: what the registry of 2015 gave an upload before it was purged.
const UPLOAD_EXPIRY_SECONDS: f64 = 7.0 * 24.0 * 3600.0;

/// Objects below a directory, which is made if it is missing.
///
/// Any number of threads and processes may use one root at once, and each may be killed at any
/// moment. What has returned survives a power cut, except for deletions.
pub struct FilesystemDriver {
    root: Arc<Root>,
}

impl FilesystemDriver {
    /// Make a driver from `rootdirectory`, an absolute path, and `uploadexpiry`, after how many
    /// seconds an upload that nobody writes to is removed; 0 is never.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self> {
        crate::check_known(NAME, parameters, &["rootdirectory", "uploadexpiry"])?;
        let refused = |name: &str, reason: &str| Error::invalid_parameter(NAME, name, reason);
        let directory = match parameters.get("rootdirectory") {
            Some(Value::String(text)) if text.starts_with('/') && !text.contains('\0') => text,
            // It is not shown: it may be anything, also a secret in the wrong place.
            _ => return Err(refused("rootdirectory", "is required and must be an absolute path")),
        };
        let expiry = match parameters.get("uploadexpiry") {
            None => UPLOAD_EXPIRY_SECONDS,
            Some(value) => value
                .as_f64()
                .filter(|seconds| *seconds >= 0.0)
                .ok_or_else(|| refused("uploadexpiry", "must be a number of seconds, 0 or more"))?,
        };
        let root = Root::open(directory)?;
        staging::sweep(&root);
        // Less than a second would be none.
        upload_files::sweep_uploads(&root, expiry.ceil() as i64);
        Ok(Self { root: Arc::new(root) })
    }
}

/// Put what the reader gives at the place, once that is all there.
fn put(root: &Root, parents: &mut Parents<'_>, reader: &mut dyn Reader) -> Result<()> {
    let path = parents.path;
    let mut staged = StagedFile::create(root, path)?;
    while let Some(piece) = reader.next_piece()? {
        staged.write(&piece).about(path)?;
    }
    // Looked at late: from here to the rename there is little time for things to change.
    let replaced = parents.look()?;
    if replaced.as_ref().is_some_and(is_directory) {
        return Err(Error::is_a_directory(path));
    }
    staged.finish(replaced.as_ref()).about(path)?;
    let leaf = parents.leaf;
    parents.place(|place| staged.rename(place, leaf).map_err(Unplaced::from))?;
    parents.sync().map_err(|errno| moving::not_synced("PutContent", path, errno))
}

impl StorageDriver for FilesystemDriver {
    fn name(&self) -> &str {
        NAME
    }

    fn features(&self) -> &'static [&'static str] {
        FEATURES
    }

    fn read_stream(&self, path: &str, offset: u64) -> Result<Box<dyn ReadStream>> {
        let (file, status) = self.root.open_object(path)?;
        Ok(Box::new(ObjectStream::new(file, &status, offset, path)))
    }

    fn put_content(&self, path: &str, reader: &mut dyn Reader) -> Result<()> {
        let mut parents = Parents::new(&self.root, path)?;
        // An answer that is known before the content is all there saves sending it.
        if parents.look()?.as_ref().is_some_and(is_directory) {
            return Err(Error::is_a_directory(path));
        }
        let result = put(&self.root, &mut parents, reader);
        if result.is_err() {
            parents.undo();
        }
        result
    }

    fn write_stream(&self, path: &str, offset: u64, reader: &mut dyn Reader) -> Result<u64> {
        in_place::write_in_place(&self.root, path, offset, reader)
    }

    fn stat(&self, path: &str) -> Result<FileInfo> {
        if path == "/" {
            return Ok(FileInfo::directory(path));
        }
        Ok(visible::file_info(path, &self.root.shown_status(path)?))
    }

    fn list(&self, path: &str) -> Result<Vec<String>> {
        use std::os::fd::AsFd;
        let directory = self.root.open_directory(path)?;
        let names = visible::shown_names(directory.as_fd()).about(path)?;
        if names.is_empty() && path != "/" {
            return Err(Error::path_not_found(path));
        }
        Ok(names)
    }

    fn walk(&self, path: &str, start_after: &str) -> Result<Listing<FileInfo>> {
        if path != "/" {
            self.root.shown_status(path)?;
        }
        let directory = self.root.open_directory(path)?;
        Ok(Box::new(walk::Walk::new(directory, path, start_after)?))
    }

    fn rename(&self, source: &str, destination: &str) -> Result<()> {
        moving::rename(&self.root, source, destination)
    }

    fn delete(&self, path: &str) -> Result<()> {
        let mut parents = Parents::new(&self.root, path)?;
        let status = parents.look()?.ok_or_else(|| Error::path_not_found(path))?;
        if is_directory(&status) {
            let failed = removal::remove_tree(parents.directory(), parents.leaf, path);
            let failed = failed.about(path)?;
            if !failed.is_empty() {
                return Err(Error::new(ErrorKind::PartialFailure { failed }));
            }
        } else {
            unlinkat(parents.directory(), parents.leaf, AtFlags::empty()).about(path)?;
        }
        parents.prune();
        Ok(())
    }

    fn open_upload(&self, path: &str, upload_id: Option<&str>) -> Result<Box<dyn Upload>> {
        // What could lead out of the root is refused now, as the commit will.
        split(path)?;
        Ok(Box::new(FilesystemUpload::open(Arc::clone(&self.root), path, upload_id)?))
    }

    fn uploads(&self, prefix: &str) -> Result<Listing<UploadInfo>> {
        let uploads = upload_files::list_uploads(&self.root, prefix).about(prefix)?;
        Ok(Box::new(uploads.into_iter().map(Ok)))
    }
}
