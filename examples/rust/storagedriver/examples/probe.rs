//! The smallest driver, which the tests of the library play with. It keeps nothing.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use storagedriver::{
    Error, FileInfo, Listing, ReadStream, Reader, Result, StorageDriver, Time, serve,
};

struct Probe;

impl StorageDriver for Probe {
    fn name(&self) -> &str {
        "probe"
    }

    fn features(&self) -> &'static [&'static str] {
        &[]
    }

    fn read_stream(&self, path: &str, _offset: u64) -> Result<Box<dyn ReadStream>> {
        Err(Error::path_not_found(path))
    }

    fn put_content(&self, _path: &str, reader: &mut dyn Reader) -> Result<()> {
        while reader.next_piece()?.is_some() {}
        Ok(())
    }

    fn write_stream(&self, path: &str, offset: u64, _reader: &mut dyn Reader) -> Result<u64> {
        Err(Error::invalid_offset(path, offset))
    }

    fn stat(&self, path: &str) -> Result<FileInfo> {
        Ok(FileInfo::object(path, 7, Time::now()))
    }

    fn list(&self, _path: &str) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn walk(&self, _path: &str, _start_after: &str) -> Result<Listing<FileInfo>> {
        Ok(Box::new(std::iter::empty()))
    }

    fn rename(&self, source: &str, _destination: &str) -> Result<()> {
        Err(Error::path_not_found(source))
    }

    fn delete(&self, path: &str) -> Result<()> {
        match path {
            "/panic" => panic!("as it was asked to"),
            "/sleep" => sleep(Duration::from_secs(60)),
            _ => {}
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    serve("probe", &[], |parameters| match parameters.keys().next() {
        Some(name) => Err(Error::invalid_parameter("probe", name, "is not known")),
        None => Ok(Box::new(Probe)),
    })
}
