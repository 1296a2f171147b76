//! Errors as maps, and maps as errors again (section 8). An error must arrive, whatever it holds.

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    MAX_CONTAINER_ITEMS, MAX_COUNT, MAX_ERROR_FIELDS_BYTES, MAX_ERROR_MESSAGE_BYTES,
    MAX_ERROR_NAME_BYTES,
};
use crate::value::{Map, Value};

/// What msgpack adds to a pair at most: a byte for the array and five for each text.
const PAIR_OVERHEAD_BYTES: usize = 11;

/// The map of an error, which fits a header. What is too long is cut, and the message says so.
pub fn error_to_wire(error: &Error, driver: &str) -> Map {
    let mut fields = Fields::default();
    fields.fill(error.kind());
    if let Some(stored) = error.stored {
        fields.add("stored", stored.min(MAX_COUNT).into());
    }
    let note = match fields.cut.as_slice() {
        [] => String::new(),
        cut => format!(" (cut: {})", cut.join(", ")),
    };
    let message = cut_end(error.message(), MAX_ERROR_MESSAGE_BYTES - note.len());
    Map::from([
        ("code", cut_end(error.code(), MAX_ERROR_NAME_BYTES).into()),
        ("message", format!("{message}{note}").into()),
        ("temporary", error.temporary.into()),
        ("driver", cut_end(driver, MAX_ERROR_NAME_BYTES).into()),
        ("fields", Value::Map(fields.map)),
    ])
}

#[derive(Default)]
struct Fields {
    map: Map,
    cut: Vec<&'static str>,
}

impl Fields {
    fn fill(&mut self, kind: &ErrorKind) {
        use ErrorKind as E;
        match kind {
            E::PathNotFound { path }
            | E::NotADirectory { path }
            | E::IsADirectory { path }
            | E::InvalidPath { path }
            | E::NoSpace { path }
            | E::PermissionDenied { path }
            | E::Throttled { path }
            | E::ChecksumMismatch { path }
            | E::ContentChanged { path } => self.texts([("path", path)]),
            E::InvalidOffset { path, offset } => {
                self.texts([("path", path)]);
                self.add("offset", (*offset).into());
            }
            E::UnsupportedMethod { method } => self.texts([("method", method)]),
            E::InvalidStorageDriver { name } => self.texts([("name", name)]),
            E::InvalidParameters { name, parameter, reason } => {
                self.texts([("name", name), ("parameter", parameter), ("reason", reason)]);
            }
            E::IncompatibleVersion { host_version, driver_version } => {
                self.texts([("host_version", host_version), ("driver_version", driver_version)]);
            }
            E::DriverCrashed { exit_status, signal, stderr } => {
                self.add("exit_status", (*exit_status).into());
                self.add("signal", (*signal).into());
                // The last lines are those that tell why.
                let kept = cut_start(stderr, MAX_ERROR_FIELDS_BYTES);
                self.add_text("stderr", kept, stderr);
            }
            E::DriverTimeout { seconds, method } => {
                self.add("seconds", Value::Float(*seconds));
                self.texts([("method", method)]);
            }
            E::OutcomeUnknown { method, path } => {
                self.texts([("method", method), ("path", path)]);
            }
            E::PartialFailure { failed } => self.pairs(failed),
            E::TooManyChannels { limit } => self.add("limit", (*limit).into()),
            E::Protocol { detail } => self.texts([("detail", detail)]),
            E::Cancelled | E::Internal | E::Other { .. } => {}
        }
    }

    fn add(&mut self, name: &str, value: Value) {
        self.map.0.push((name.to_owned(), value));
    }

    fn add_text(&mut self, name: &'static str, kept: &str, whole: &str) {
        self.add(name, kept.into());
        if kept.len() < whole.len() {
            self.cut.push(name);
        }
    }

    fn texts<const N: usize>(&mut self, texts: [(&'static str, &String); N]) {
        for (name, text) in texts {
            self.add_text(name, cut_end(text, MAX_ERROR_FIELDS_BYTES / N), text);
        }
    }

    fn pairs(&mut self, failed: &[(String, String)]) {
        let mut room = MAX_ERROR_FIELDS_BYTES;
        let fits = |(path, code): &&(String, String)| {
            let needed = path.len() + code.len() + PAIR_OVERHEAD_BYTES;
            let fits = needed <= room;
            room = room.saturating_sub(needed);
            fits
        };
        let pair = |(path, code): &(String, String)| {
            Value::Array(vec![path.as_str().into(), code.as_str().into()])
        };
        let kept: Vec<_> =
            failed.iter().take(MAX_CONTAINER_ITEMS).take_while(fits).map(pair).collect();
        if kept.len() < failed.len() {
            self.cut.push("failed");
        }
        self.add("failed", Value::Array(kept));
    }
}

fn cut_end(text: &str, room: usize) -> &str {
    let mut end = room.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn cut_start(text: &str, room: usize) -> &str {
    let mut start = text.len() - room.min(text.len());
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// The error that a map means. Whatever is missing or of a wrong type gets a neutral value; only a
/// map without a code is a breach of the protocol.
pub fn error_from_wire(map: &Map) -> Result<Error> {
    let Some(code) = map.text("code") else {
        return Err(Error::protocol("an error must have a code, which is a text"));
    };
    let empty = Map::default();
    let fields = match map.get("fields") {
        Some(Value::Map(fields)) => fields,
        _ => &empty,
    };
    let mut error = Error::new(kind_from_wire(code, fields));
    if let Some(message) = map.text("message") {
        error = error.with_message(message);
    }
    error.temporary = map.flag("temporary");
    error.stored = fields.count("stored");
    Ok(error)
}

fn kind_from_wire(code: &str, fields: &Map) -> ErrorKind {
    use ErrorKind as E;
    let text = |name: &str| fields.text(name).unwrap_or_default().to_owned();
    let integer = |name: &str| {
        let integer = fields.get(name).and_then(Value::integer);
        integer.and_then(|integer| i64::try_from(integer).ok())
    };
    let path = || text("path");
    match code {
        "PathNotFound" => E::PathNotFound { path: path() },
        "NotADirectory" => E::NotADirectory { path: path() },
        "IsADirectory" => E::IsADirectory { path: path() },
        "InvalidPath" => E::InvalidPath { path: path() },
        "InvalidOffset" => {
            E::InvalidOffset { path: path(), offset: integer("offset").unwrap_or(0) }
        }
        "UnsupportedMethod" => E::UnsupportedMethod { method: text("method") },
        "InvalidStorageDriver" => E::InvalidStorageDriver { name: text("name") },
        "InvalidParameters" => E::InvalidParameters {
            name: text("name"),
            parameter: text("parameter"),
            reason: text("reason"),
        },
        "NoSpace" => E::NoSpace { path: path() },
        "PermissionDenied" => E::PermissionDenied { path: path() },
        "Throttled" => E::Throttled { path: path() },
        "ChecksumMismatch" => E::ChecksumMismatch { path: path() },
        "ContentChanged" => E::ContentChanged { path: path() },
        "IncompatibleVersion" => E::IncompatibleVersion {
            host_version: text("host_version"),
            driver_version: text("driver_version"),
        },
        "DriverCrashed" => E::DriverCrashed {
            exit_status: integer("exit_status"),
            signal: integer("signal"),
            stderr: text("stderr"),
        },
        "DriverTimeout" => E::DriverTimeout { seconds: seconds(fields), method: text("method") },
        "OutcomeUnknown" => E::OutcomeUnknown { method: text("method"), path: path() },
        "PartialFailure" => E::PartialFailure { failed: pairs(fields) },
        "Cancelled" => E::Cancelled,
        "TooManyChannels" => E::TooManyChannels { limit: integer("limit").unwrap_or(0) },
        "ProtocolError" => E::Protocol { detail: text("detail") },
        "Internal" => E::Internal,
        _ => E::Other { code: code.to_owned() },
    }
}

fn seconds(fields: &Map) -> f64 {
    match fields.get("seconds") {
        Some(Value::Float(float)) => *float,
        Some(Value::Integer(integer)) => *integer as f64,
        _ => 0.0,
    }
}

fn pairs(fields: &Map) -> Vec<(String, String)> {
    let Some(Value::Array(given)) = fields.get("failed") else {
        return Vec::new();
    };
    let element = |pair: &Value, index: usize| match pair {
        Value::Array(elements) => match elements.get(index) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let code = |code: String| if code.is_empty() { "Internal".to_owned() } else { code };
    given.iter().map(|pair| (element(pair, 0), code(element(pair, 1)))).collect()
}
