//! Whether a content has the digest that it should have.

use md5::Md5;
use sha2::digest::DynDigest;
use sha2::{Sha256, Sha384, Sha512};

use crate::error::{Error, Result};

/// Takes a content piece by piece, and tells whether it has the expected digest.
pub struct DigestCheck {
    expected: String,
    hash: Box<dyn DynDigest>,
}

impl DigestCheck {
    /// Parse `algorithm:hex`; what is no digest is InvalidParameters of the driver.
    pub fn new(driver: &str, expected: &str) -> Result<Self> {
        let refused = |reason: &str| Error::invalid_parameter(driver, "digest", reason);
        let is_hex = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
        let split = expected.split_once(':');
        let Some((algorithm, hex)) = split.filter(|(_, hex)| hex.bytes().all(is_hex)) else {
            return Err(refused("must be algorithm:hex, in lower case"));
        };
        let hash: Box<dyn DynDigest> = match algorithm {
            // It guards nothing here: it only tells what a transfer has damaged.
            "md5" => Box::new(Md5::default()),
            "sha256" => Box::new(Sha256::default()),
            "sha384" => Box::new(Sha384::default()),
            "sha512" => Box::new(Sha512::default()),
            _ => return Err(refused("the algorithm is not known")),
        };
        let digits = 2 * hash.output_size();
        if hex.len() != digits {
            return Err(refused(&format!("a digest of {algorithm} has {digits} digits")));
        }
        Ok(Self { expected: hex.to_owned(), hash })
    }

    /// Take the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.hash.update(piece);
    }

    /// Whether all that was taken has the expected digest.
    pub fn matches(self) -> bool {
        let digest = self.hash.finalize();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        hex == self.expected
    }
}
