//! The program `registry-storage-rust-inmemory`.

use std::process::ExitCode;

use storagedriver_examples::inmemory::{FEATURES, InMemoryDriver, NAME};

fn main() -> ExitCode {
    storagedriver_examples::log_to_stderr();
    storagedriver::serve(NAME, FEATURES, |parameters| {
        Ok(Box::new(InMemoryDriver::from_parameters(parameters)?))
    })
}
