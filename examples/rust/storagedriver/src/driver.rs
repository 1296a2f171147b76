//! What a driver implements. Every method may be called from any thread.

use crate::error::{Error, Result};
use crate::message::Content;
use crate::types::Time;

/// What a driver can do beyond the rest (section 14).
pub mod feature {
    /// `url_for` gives URLs.
    pub const URL_FOR: &str = "url-for";
    /// `walk` does better than listing each directory.
    pub const WALK: &str = "walk";
    /// `open_upload` and `uploads` work.
    pub const UPLOADS: &str = "uploads";
    /// `rename` takes directories.
    pub const MOVE_DIRECTORIES: &str = "move-directories";
    /// Streams of any size pass without growing the process.
    pub const CONSTANT_MEMORY: &str = "constant-memory";
    /// An object and a directory may have one name.
    pub const FLAT_NAMESPACE: &str = "flat-namespace";
    /// All content is lost when the driver ends.
    pub const VOLATILE: &str = "volatile";
    /// Control messages are answered while calls run. `serve` adds it.
    pub const PING: &str = "ping";
}

/// What `stat` and `walk` tell of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// As it was asked for.
    pub path: String,
    /// In bytes; 0 for a directory.
    pub size: u64,
    /// None for a directory.
    pub mod_time: Option<Time>,
    /// Whether it is one.
    pub is_dir: bool,
}

impl FileInfo {
    /// That of a directory.
    pub fn directory(path: &str) -> Self {
        Self { path: path.into(), size: 0, mod_time: None, is_dir: true }
    }

    /// That of an object.
    pub fn object(path: &str, size: u64, mod_time: Time) -> Self {
        Self { path: path.into(), size, mod_time: Some(mod_time), is_dir: false }
    }
}

/// What `uploads` tells of a hidden upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadInfo {
    /// What `open_upload` takes to go on.
    pub upload_id: String,
    /// Where it will appear.
    pub path: String,
    /// Stored so far, in bytes.
    pub size: u64,
    /// Of the last write.
    pub time: Time,
}

/// The source of a write.
pub trait Reader {
    /// The next piece, never empty; None at the end. An error ends the write, and is to be
    /// returned as it is.
    fn next_piece(&mut self) -> Result<Option<Content>>;
}

/// An open read of one object.
pub trait ReadStream {
    /// Of the whole object when it was opened, if the backend can say.
    fn size(&self) -> Option<u64>;

    /// At most 64 bytes that are equal only for the same content; empty if the backend has none.
    fn version(&self) -> &[u8] {
        &[]
    }

    /// Append at most `limit` bytes to `buffer`, and at least one unless the content has ended.
    fn read(&mut self, buffer: &mut Vec<u8>, limit: usize) -> Result<()>;
}

/// One writer of a hidden upload. Dropping it keeps the upload.
pub trait Upload: Send {
    /// What `open_upload` takes to go on, also in another process.
    fn upload_id(&self) -> &str;

    /// Bytes stored, as far as this writer knows.
    fn size(&self) -> u64;

    /// Append. If what is stored is not what this writer believes it is `InvalidOffset` with
    /// `stored`, and nothing is written.
    fn write(&mut self, content: &[u8]) -> Result<()>;

    /// Publish atomically, after `size` and `digest` (`algorithm:hex`) were checked.
    fn commit(&mut self, size: Option<u64>, digest: Option<&str>) -> Result<()>;

    /// Drop the upload and its bytes.
    fn cancel(&mut self) -> Result<()>;

    /// Make durable what is there, and keep it.
    fn close(&mut self) -> Result<()>;
}

/// Options of a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UrlOptions {
    /// GET, HEAD or PUT.
    pub method: Option<String>,
    /// Until when it is to work.
    pub expiry: Option<Time>,
}

/// What comes one after another from a listing.
pub type Listing<T> = Box<dyn Iterator<Item = Result<T>>>;

/// A storage driver. What each operation means stands in the contract of the project.
///
/// The host has checked the path rule and the types; a driver checks what depends on stored state.
pub trait StorageDriver: Send + Sync {
    /// What it is called in errors.
    fn name(&self) -> &str;

    /// Which of [`feature`] it has.
    fn features(&self) -> &'static [&'static str];

    /// Open an object for reading, from an offset that may lie beyond the end.
    fn read_stream(&self, path: &str, offset: u64) -> Result<Box<dyn ReadStream>>;

    /// Replace the whole content, atomically. The reader gives all of it, and an error if the
    /// call ends before that: nothing may be published then.
    fn put_content(&self, path: &str, reader: &mut dyn Reader) -> Result<()>;

    /// Store what the reader gives at `offset`, cutting what was behind; return how much it was.
    fn write_stream(&self, path: &str, offset: u64, reader: &mut dyn Reader) -> Result<u64>;

    /// Size and time of an object, or that it is a directory.
    fn stat(&self, path: &str) -> Result<FileInfo>;

    /// The names of what stands directly in a directory, in byte order.
    fn list(&self, path: &str) -> Result<Vec<String>>;

    /// Every object below `path`, in byte order of the path, of those behind `start_after`.
    fn walk(&self, path: &str, start_after: &str) -> Result<Listing<FileInfo>>;

    /// Move an object or a tree.
    fn rename(&self, source: &str, destination: &str) -> Result<()>;

    /// Remove an object or a tree.
    fn delete(&self, path: &str) -> Result<()>;

    /// A URL of an object.
    fn url_for(&self, _path: &str, _options: &UrlOptions) -> Result<String> {
        Err(Error::unsupported("URLFor"))
    }

    /// A new hidden upload to `path`, or the one of this id.
    fn open_upload(&self, _path: &str, _upload_id: Option<&str>) -> Result<Box<dyn Upload>> {
        Err(Error::unsupported("OpenUpload"))
    }

    /// The open uploads to `prefix` and below, in byte order of path and then id.
    fn uploads(&self, _prefix: &str) -> Result<Listing<UploadInfo>> {
        Err(Error::unsupported("ListUploads"))
    }
}
