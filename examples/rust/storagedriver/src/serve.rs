//! All that the `main` of a driver needs.

use std::path::Path;
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, fs, io};

use crate::driver::StorageDriver;
use crate::error::Result;
use crate::lifeline::{Ended, Lifeline, Parameters};
use crate::serving::{Serving, told_features};
use crate::version::CURRENT;

const ENDPOINT_VARIABLE: &str = "STORAGEDRIVER_ENDPOINT";
const EXIT_USAGE: u8 = 64;

/// Exiting right after a send would lose what was sent; the host lets go when it has it.
const LAST_ANSWER_TIME: Duration = Duration::from_secs(5);

/// Run this process as the driver that `factory` makes; return when the host has ended it.
///
/// `factory` is called once, with the parameters that the host sends. `InvalidParameters` that it
/// returns reaches the host's caller. `name` and `features` are told by `--version`; the driver
/// that is made tells its own.
///
/// To be called once, by a program's `main`: it takes over standard input, and exits the process
/// when the host is gone, without unwinding. Gives 64 when a person has started the program.
pub fn serve(
    name: &str,
    features: &[&'static str],
    factory: impl FnOnce(&Parameters) -> Result<Box<dyn StorageDriver>> + 'static,
) -> ExitCode {
    let arguments: Vec<String> =
        env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    if arguments == ["--version"] {
        print_version(name, features);
        return ExitCode::SUCCESS;
    }
    let endpoint = env::var(ENDPOINT_VARIABLE).unwrap_or_default();
    let [argument] = arguments.as_slice() else {
        return explain(name);
    };
    if endpoint.is_empty() {
        return explain(name);
    }
    match run(name, argument, endpoint, factory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("registry-storage-{name}: {text}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn run(
    name: &str,
    argument: &str,
    endpoint: String,
    factory: impl FnOnce(&Parameters) -> Result<Box<dyn StorageDriver>> + 'static,
) -> std::result::Result<(), String> {
    let mut lifeline = Lifeline::take().map_err(|error: io::Error| error.to_string())?;
    let first = lifeline.read_first_line()?;
    let parameters = match first.parameters {
        Some(parameters) => parameters,
        None => serde_json::from_str(argument)
            .map_err(|_| "the first argument is not a JSON object".to_owned())?,
    };
    let (ended, is_ending) = (Arc::new(Ended::default()), Arc::new(AtomicBool::new(false)));
    let (watched, seen) = (endpoint.clone(), Arc::clone(&is_ending));
    let on_host_gone = move || {
        if !seen.load(Ordering::SeqCst) {
            exit_without_host(&watched);
        }
    };
    lifeline
        .watch(Arc::clone(&ended), on_host_gone)
        .map_err(|error| format!("no thread for standard input: {error}"))?;
    let make_driver = Box::new(move || factory(&parameters));
    let mut serving = Serving::new(name, first.token, endpoint.clone(), is_ending, make_driver);
    let Some(control) = serving.run() else {
        exit_without_host(&endpoint);
    };
    ended.wait(LAST_ANSWER_TIME);
    // Threads that are still in a call hold sockets, which nobody is to wait for.
    drop(control);
    exit(0);
}

fn print_version(name: &str, features: &[&'static str]) {
    let about = serde_json::json!({
        "name": name,
        "version": CURRENT.to_string(),
        "features": told_features(features),
        "transports": ["ipc", "tcp"],
    });
    println!("{about}");
}

fn explain(name: &str) -> ExitCode {
    eprintln!(
        "registry-storage-{name} is a storage driver; a host program starts it and talks to it.\n\
         To use it from a terminal: storagedriver check {name}, or storagedriver --help."
    );
    ExitCode::from(EXIT_USAGE)
}

/// End the process in the middle of whatever its threads do.
fn exit_without_host(endpoint: &str) -> ! {
    remove_sockets_of(endpoint);
    exit(0)
}

/// Remove the directory of an ipc endpoint, which the host made for this process alone. What is no
/// socket of a channel stays, and the directory with it.
fn remove_sockets_of(endpoint: &str) {
    use std::os::unix::fs::FileTypeExt;
    let Some(directory) = endpoint.strip_prefix("ipc://").and_then(|path| Path::new(path).parent())
    else {
        return;
    };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_socket = entry.file_type().is_ok_and(|kind| kind.is_socket());
        let name = entry.file_name();
        if is_socket && name.to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let _ = fs::remove_dir(directory);
}
