//! What the suite cannot see of the filesystem driver from outside: its files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use storagedriver::{Content, Error, ErrorKind, Parameters, Reader, Result, StorageDriver};
use storagedriver_examples::filesystem::FilesystemDriver;
use tempfile::{TempDir, tempdir};

/// Gives its pieces, and then an error if there is one.
struct Pieces(Vec<&'static [u8]>, Option<Error>);

impl Reader for Pieces {
    fn next_piece(&mut self) -> Result<Option<Content>> {
        match (self.0.is_empty(), self.1.take()) {
            (false, error) => {
                self.1 = error;
                Ok(Some(Content::Owned(self.0.remove(0).to_vec())))
            }
            (true, Some(error)) => Err(error),
            (true, None) => Ok(None),
        }
    }
}

fn all(content: &'static [u8]) -> Pieces {
    Pieces(vec![content], None)
}

fn driver(root: &Path) -> FilesystemDriver {
    let mut parameters = Parameters::new();
    parameters.insert("rootdirectory".into(), root.to_str().expect("text").into());
    FilesystemDriver::from_parameters(&parameters).expect("a driver")
}

fn fresh() -> (TempDir, FilesystemDriver) {
    let root = tempdir().expect("a directory");
    let driver = driver(root.path());
    (root, driver)
}

fn make_old(path: &Path) {
    let file = fs::File::options().write(true).open(path).expect("a file");
    file.set_modified(SystemTime::now() - Duration::from_secs(8 * 24 * 3600)).expect("a time");
}

#[test]
fn a_put_that_fails_leaves_nothing() {
    let (root, driver) = fresh();
    let mut broken = Pieces(vec![b"some"], Some(Error::cancelled()));
    assert!(driver.put_content("/a/b", &mut broken).is_err());
    assert!(!root.path().join("a").exists());
    let left = fs::read_dir(root.path().join(".staging~")).expect("a directory");
    assert_eq!(left.count(), 0);
}

#[test]
fn links_lead_nowhere() {
    let (root, driver) = fresh();
    let outside = tempdir().expect("a directory");
    fs::write(outside.path().join("secret"), "s").expect("a file");
    symlink(outside.path(), root.path().join("dir")).expect("a link");
    symlink(outside.path().join("secret"), root.path().join("file")).expect("a link");
    for path in ["/dir/secret", "/file"] {
        let denied = |error: Error| matches!(error.kind(), ErrorKind::PermissionDenied { .. });
        assert!(driver.read_stream(path, 0).err().is_some_and(denied), "{path}");
        assert!(driver.write_stream(path, 0, &mut all(b"x")).err().is_some_and(denied), "{path}");
        assert!(driver.put_content(path, &mut all(b"x")).err().is_some_and(denied), "{path}");
        assert!(driver.delete(path).err().is_some_and(denied), "{path}");
    }
    assert_eq!(driver.list("/").expect("a listing"), Vec::<String>::new());
    assert_eq!(fs::read_to_string(outside.path().join("secret")).expect("is there"), "s");
}

#[test]
fn an_upload_goes_on_in_another_driver_and_old_ones_are_swept() {
    let (root, first) = fresh();
    let mut upload = first.open_upload("/a", None).expect("an upload");
    upload.write(b"one").expect("is stored");
    let id = upload.upload_id().to_owned();
    drop((upload, first));

    let second = driver(root.path());
    let mut upload = second.open_upload("/a", Some(&id)).expect("it is there");
    assert_eq!(upload.size(), 3);
    assert!(second.open_upload("/b", Some(&id)).is_err());
    assert!(second.open_upload("/a", Some("../../etc/passwd")).is_err());
    upload.write(b"two").expect("is stored");
    let digest = "md5:5b9164ad6f496d9dee12ec7634ce253f";
    upload.commit(Some(6), Some(digest)).expect("is published");
    assert_eq!(fs::read(root.path().join("a")).expect("an object"), b"onetwo");

    let stale = second.open_upload("/b", None).expect("an upload").upload_id().to_owned();
    make_old(&root.path().join(".uploads~").join(format!("{stale}.data~")));
    assert!(driver(root.path()).open_upload("/b", Some(&stale)).is_err());
}

#[test]
fn what_a_crash_left_of_a_put_is_swept_when_it_is_old() {
    let (root, _) = fresh();
    let staging = root.path().join(".staging~");
    fs::create_dir_all(&staging).expect("a directory");
    let (old, new) = (staging.join(format!("{:032x}~", 1)), staging.join(format!("{:032x}~", 2)));
    fs::write(&old, "x").expect("a file");
    fs::write(&new, "x").expect("a file");
    make_old(&old);
    driver(root.path());
    assert!(!old.exists() && new.exists());
}

#[test]
fn wrong_parameters_are_refused() {
    for parameters in [
        serde_json::json!({}),
        serde_json::json!({"rootdirectory": "relative"}),
        serde_json::json!({"rootdirectory": "/tmp/x", "other": 1}),
        serde_json::json!({"rootdirectory": "/tmp/x", "uploadexpiry": true}),
        serde_json::json!({"rootdirectory": "/tmp/x", "uploadexpiry": -1}),
    ] {
        let parameters = parameters.as_object().expect("an object");
        let error = FilesystemDriver::from_parameters(parameters).err().expect("refused");
        assert_eq!(error.code(), "InvalidParameters");
    }
}
