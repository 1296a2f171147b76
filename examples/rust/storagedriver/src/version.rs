//! Versions, and which one two peers speak (section 11).

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// What this library speaks.
pub const CURRENT: Version = Version { major: 0, minor: 1 };

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

impl Version {
    /// The version that a text is, None if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self { major: number(major)?, minor: number(minor)? })
    }

    /// What a host of this version, which speaks minors from `oldest` on, speaks with a driver.
    pub fn speak(self, oldest: Self, driver: Self) -> Result<Self> {
        if driver.major != self.major || driver < oldest {
            return Err(Error::new(ErrorKind::IncompatibleVersion {
                host_version: self.to_string(),
                driver_version: driver.to_string(),
            }));
        }
        Ok(self.min(driver))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

fn number(text: &str) -> Option<u32> {
    let is_number = (1..=9).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
