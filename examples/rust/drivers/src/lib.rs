//! Two storage drivers made with the library `storagedriver`.

pub mod filesystem;
pub mod inmemory;

use storagedriver::{Error, Parameters, Result};

/// Refuse parameters that a driver does not know.
fn check_known(driver: &str, parameters: &Parameters, known: &[&str]) -> Result<()> {
    match parameters.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Error::invalid_parameter(driver, name, "is not known")),
        None => Ok(()),
    }
}

/// Log to standard error, where the host takes it up.
pub fn log_to_stderr() {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
}

/// 32 random hexadecimal digits, which name what must not meet anything else.
fn random_name() -> Result<String> {
    let mut bytes = [0; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
