//! The program `registry-storage-rust-filesystem`.

use std::process::ExitCode;

use storagedriver_examples::filesystem::{FEATURES, FilesystemDriver, NAME};

fn main() -> ExitCode {
    storagedriver_examples::log_to_stderr();
    storagedriver::serve(NAME, FEATURES, |parameters| {
        Ok(Box::new(FilesystemDriver::from_parameters(parameters)?))
    })
}
