//! The errors of the contract: each class with its fields.

use std::fmt;

pub use crate::error_kind::ErrorKind;
use crate::error_kind::default_message;

/// What every operation of a driver returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the contract.
///
/// ```
/// use storagedriver::{Error, ErrorKind};
///
/// let error = Error::path_not_found("/a").with_reason("it has expired");
/// assert_eq!(error.to_string(), "Path not found: /a: it has expired");
/// assert_eq!(error.code(), "PathNotFound");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: Box<ErrorKind>,
    message: String,
    /// Whether the same call may succeed when it is repeated.
    pub temporary: bool,
    /// After a failed write, the size of the object or upload now, if it is known.
    pub stored: Option<u64>,
}

impl Error {
    /// An error with the text that its kind has of its own.
    pub fn new(kind: ErrorKind) -> Self {
        let temporary = matches!(
            kind,
            ErrorKind::Throttled { .. }
                | ErrorKind::DriverCrashed { .. }
                | ErrorKind::DriverTimeout { .. }
                | ErrorKind::TooManyChannels { .. }
        );
        let message = default_message(&kind);
        Self { kind: Box::new(kind), message, temporary, stored: None }
    }

    /// A failure with no class of its own.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal).with_message(message)
    }

    /// The other side broke the protocol.
    pub fn protocol(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol { detail: detail.into() })
    }

    /// An operation that the driver does not have.
    pub fn unsupported(method: &str) -> Self {
        Self::new(ErrorKind::UnsupportedMethod { method: method.into() })
    }

    /// A parameter of the driver `name`, or an option of a call.
    pub fn invalid_parameter(name: &str, parameter: &str, reason: &str) -> Self {
        Self::new(ErrorKind::InvalidParameters {
            name: name.into(),
            parameter: parameter.into(),
            reason: reason.into(),
        })
    }

    /// A write at another offset than there can be one.
    pub fn invalid_offset(path: &str, offset: u64) -> Self {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        Self::new(ErrorKind::InvalidOffset { path: path.into(), offset })
    }

    /// The call was cancelled.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled)
    }

    /// Nothing is at the path.
    pub fn path_not_found(path: &str) -> Self {
        Self::new(ErrorKind::PathNotFound { path: path.into() })
    }

    /// An object stands where a directory is needed.
    pub fn not_a_directory(path: &str) -> Self {
        Self::new(ErrorKind::NotADirectory { path: path.into() })
    }

    /// A directory stands where an object is needed.
    pub fn is_a_directory(path: &str) -> Self {
        Self::new(ErrorKind::IsADirectory { path: path.into() })
    }

    /// The operation refuses the path.
    pub fn invalid_path(path: &str) -> Self {
        Self::new(ErrorKind::InvalidPath { path: path.into() })
    }

    /// The backend refuses.
    pub fn permission_denied(path: &str) -> Self {
        Self::new(ErrorKind::PermissionDenied { path: path.into() })
    }

    /// The content is not what it should be.
    pub fn checksum_mismatch(path: &str) -> Self {
        Self::new(ErrorKind::ChecksumMismatch { path: path.into() })
    }

    /// The content is not what it was.
    pub fn content_changed(path: &str) -> Self {
        Self::new(ErrorKind::ContentChanged { path: path.into() })
    }

    /// The same with this text for people.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// The same with more text behind what the kind says.
    pub fn with_reason(mut self, reason: impl fmt::Display) -> Self {
        self.message = format!("{}: {reason}", self.message);
        self
    }

    /// The same, as one that may go away by itself.
    pub fn with_temporary(mut self, temporary: bool) -> Self {
        self.temporary = temporary;
        self
    }

    /// The same, with the size of what is stored now.
    pub fn with_stored(mut self, stored: u64) -> Self {
        self.stored = Some(stored);
        self
    }

    /// Which error it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The text, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The name of the kind on the wire.
    pub fn code(&self) -> &str {
        self.kind.code()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
