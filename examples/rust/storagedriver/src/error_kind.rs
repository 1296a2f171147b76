//! The classes of errors, with their fields, their names on the wire and their texts.

/// Which error it is, with the fields that callers act on.
///
/// `NotADirectory` and `IsADirectory` are also `PathNotFound` to callers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are named by what they hold.
pub enum ErrorKind {
    /// Nothing is there.
    PathNotFound { path: String },
    /// An object where a directory is needed, or anything below one.
    NotADirectory { path: String },
    /// A directory where an object is needed.
    IsADirectory { path: String },
    /// A path that the rule or the operation refuses.
    InvalidPath { path: String },
    /// Negative, or a write beyond the size.
    InvalidOffset { path: String, offset: i64 },
    /// An optional operation that the driver does not have.
    UnsupportedMethod { method: String },
    /// No such driver.
    InvalidStorageDriver { name: String },
    /// A parameter of a driver or an option of a call.
    InvalidParameters { name: String, parameter: String, reason: String },
    /// The backend is full, or a quota is used up.
    NoSpace { path: String },
    /// Refused, or read-only.
    PermissionDenied { path: String },
    /// Fewer calls at a time, please.
    Throttled { path: String },
    /// Content with another digest or size than it should have.
    ChecksumMismatch { path: String },
    /// A read met other content than it began with.
    ContentChanged { path: String },
    /// No common version.
    IncompatibleVersion { host_version: String, driver_version: String },
    /// The driver's process ended unasked.
    DriverCrashed { exit_status: Option<i64>, signal: Option<i64>, stderr: String },
    /// No progress for so long.
    DriverTimeout { seconds: f64, method: String },
    /// A change that may have happened, or may not last.
    OutcomeUnknown { method: String, path: String },
    /// Pairs of path and code for all that failed.
    PartialFailure { failed: Vec<(String, String)> },
    /// The call was cancelled before it finished.
    Cancelled,
    /// The driver takes no further channel.
    TooManyChannels { limit: i64 },
    /// The other side broke the protocol.
    Protocol { detail: String },
    /// A failure with no class of its own, such as a bug.
    Internal,
    /// A code that this version does not know; it is treated as `Internal`.
    Other { code: String },
}

impl ErrorKind {
    /// The name on the wire.
    pub fn code(&self) -> &str {
        match self {
            Self::PathNotFound { .. } => "PathNotFound",
            Self::NotADirectory { .. } => "NotADirectory",
            Self::IsADirectory { .. } => "IsADirectory",
            Self::InvalidPath { .. } => "InvalidPath",
            Self::InvalidOffset { .. } => "InvalidOffset",
            Self::UnsupportedMethod { .. } => "UnsupportedMethod",
            Self::InvalidStorageDriver { .. } => "InvalidStorageDriver",
            Self::InvalidParameters { .. } => "InvalidParameters",
            Self::NoSpace { .. } => "NoSpace",
            Self::PermissionDenied { .. } => "PermissionDenied",
            Self::Throttled { .. } => "Throttled",
            Self::ChecksumMismatch { .. } => "ChecksumMismatch",
            Self::ContentChanged { .. } => "ContentChanged",
            Self::IncompatibleVersion { .. } => "IncompatibleVersion",
            Self::DriverCrashed { .. } => "DriverCrashed",
            Self::DriverTimeout { .. } => "DriverTimeout",
            Self::OutcomeUnknown { .. } => "OutcomeUnknown",
            Self::PartialFailure { .. } => "PartialFailure",
            Self::Cancelled => "Cancelled",
            Self::TooManyChannels { .. } => "TooManyChannels",
            Self::Protocol { .. } => "ProtocolError",
            Self::Internal => "Internal",
            Self::Other { code } => code,
        }
    }
}

/// The text of an error that says no more than its kind.
pub fn default_message(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::PathNotFound { path } => format!("Path not found: {path}"),
        ErrorKind::NotADirectory { path } => format!("Not a directory: {path}"),
        ErrorKind::IsADirectory { path } => format!("Is a directory: {path}"),
        ErrorKind::InvalidPath { path } => format!("Invalid path: {path}"),
        ErrorKind::InvalidOffset { path, offset } => {
            format!("Invalid offset: {offset} for path: {path}")
        }
        ErrorKind::UnsupportedMethod { method } => format!("Unsupported method: {method}"),
        ErrorKind::InvalidStorageDriver { name } => {
            format!("StorageDriver not registered: {name}")
        }
        ErrorKind::InvalidParameters { name, parameter, reason } => {
            format!("Invalid parameter '{parameter}' of {name}: {reason}")
        }
        ErrorKind::NoSpace { path } => format!("No space left: {path}"),
        ErrorKind::PermissionDenied { path } => format!("Permission denied: {path}"),
        ErrorKind::Throttled { path } => format!("Throttled: {path}"),
        ErrorKind::ChecksumMismatch { path } => format!("Checksum mismatch: {path}"),
        ErrorKind::ContentChanged { path } => format!("Content changed: {path}"),
        ErrorKind::IncompatibleVersion { host_version, driver_version } => format!(
            "Incompatible version: the host speaks {host_version}, the driver {driver_version}"
        ),
        ErrorKind::DriverCrashed { .. } => "The driver process ended".into(),
        ErrorKind::DriverTimeout { seconds, method } => {
            format!("No progress for {seconds} seconds in {method}")
        }
        ErrorKind::OutcomeUnknown { method, path } => {
            format!("Outcome unknown: {method} of {path}")
        }
        ErrorKind::PartialFailure { failed } => format!("Failed in part: {} paths", failed.len()),
        ErrorKind::Cancelled => "Cancelled".into(),
        ErrorKind::TooManyChannels { limit } => {
            format!("Too many channels: the driver takes {limit}")
        }
        ErrorKind::Protocol { detail } => format!("Protocol error: {detail}"),
        ErrorKind::Internal | ErrorKind::Other { .. } => "The driver failed".into(),
    }
}
