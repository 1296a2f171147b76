//! What the tests of the vectors need to read them.

use std::{env, fs};

use storagedriver::calls::check_entry;
use storagedriver::decode::decode_entries;
use storagedriver::message::{Message, Response};
use storagedriver::session::Session;
use storagedriver::value::Value;
use storagedriver::{Error, Result, Time};

pub use serde_json::Value as Json;

/// Where the vectors are, seen from this package.
const PLACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../ipc/spec/vectors");

/// Where the vectors are. Elsewhere than in its own project `STORAGEDRIVER_VECTORS` says where.
fn place() -> String {
    env::var("STORAGEDRIVER_VECTORS").unwrap_or_else(|_| PLACE.to_owned())
}

/// The names of all files of vectors, in order.
pub fn files() -> Vec<String> {
    let place = place();
    let entries = fs::read_dir(&place).unwrap_or_else(|error| panic!("{place}: {error}"));
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut files: Vec<String> = names
        .filter_map(|name| Some(name.to_string_lossy().strip_suffix(".json")?.to_owned()))
        .collect();
    files.sort();
    files
}

/// A file of vectors.
pub fn vectors(name: &str) -> Json {
    let file = format!("{}/{name}.json", place());
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}

pub fn array(json: &Json) -> &[Json] {
    json.as_array().expect("an array")
}

pub fn text(json: &Json) -> &str {
    json.as_str().expect("a text")
}

/// Hexadecimal text, or an array of such texts and of `[text, times]`.
pub fn bytes(json: &Json) -> Vec<u8> {
    if let Json::String(text) = json {
        return hex(text);
    }
    let part = |part: &Json| match part {
        Json::String(text) => hex(text),
        part => hex(text(&part[0])).repeat(part[1].as_u64().expect("times") as usize),
    };
    array(json).iter().flat_map(part).collect()
}

fn hex(text: &str) -> Vec<u8> {
    let digits = |index: usize| text.get(index..index + 2).expect("two digits");
    let byte = |index: usize| u8::from_str_radix(digits(index), 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}

/// Whether a value is what a vector says. Numbers are compared by value.
pub fn matches(meaning: &Json, value: &Value) -> bool {
    match (meaning, value) {
        (Json::Null, Value::Nil) => true,
        (Json::Bool(one), Value::Bool(other)) => one == other,
        (Json::String(one), Value::Text(other)) => one == other,
        (Json::Number(one), Value::Float(other)) => one.as_f64() == Some(*other),
        (Json::Number(one), Value::Integer(other)) => match one.as_i64() {
            Some(integer) => i128::from(integer) == *other,
            None => one.as_f64() == Some(*other as f64),
        },
        (Json::Array(ones), Value::Array(others)) => {
            ones.len() == others.len() && ones.iter().zip(others).all(|(o, v)| matches(o, v))
        }
        (Json::Object(object), value) => match (object.iter().next(), value) {
            (Some((key, hex)), Value::Binary(other)) if key == "$binary" => bytes(hex) == *other,
            (Some((key, hex)), Value::Text(other)) if key == "$text" => {
                bytes(hex) == other.as_bytes()
            }
            (Some((key, text)), Value::Integer(other)) if key == "$integer" => {
                text.as_str().and_then(|text| text.parse().ok()) == Some(*other)
            }
            (_, Value::Map(map)) => {
                let found = |key: &str| map.0.iter().find(|(name, _)| name == key);
                object.len() == map.0.len()
                    && object.iter().all(|(key, meaning)| {
                        found(key).is_some_and(|(_, value)| matches(meaning, value))
                    })
            }
            _ => false,
        },
        _ => false,
    }
}

/// The entries of a listing that a host has received.
#[derive(Default)]
pub struct Listed {
    entries: u64,
    last: (String, String),
}

impl Listed {
    /// Take the entries of a message, and check the count of the one that ends the call.
    pub fn count(&mut self, session: &Session, message: &Message) -> Result<()> {
        if !matches!(session.method.as_str(), "List" | "Walk" | "ListUploads") {
            return Ok(());
        }
        let content = match message {
            Message::Chunk { content, .. } => Some(content),
            Message::Response(Response { error: None, content, .. }) => content.as_ref(),
            Message::Start { .. } => None,
            _ => return Ok(()),
        };
        for entry in decode_entries(content.map_or(&[], |content| content))? {
            let key = sort_key(&session.method, &check_entry(&session.method, entry)?);
            if self.entries > 0 && key <= self.last {
                return Err(Error::protocol("a listing is out of order"));
            }
            self.last = key;
            self.entries += 1;
        }
        if let Message::Response(Response { result: Some(result), .. }) = message {
            let entries = std::mem::take(&mut self.entries);
            if result.count("count") != Some(entries) {
                return Err(Error::protocol(format!("{entries} entries have come")));
            }
        }
        Ok(())
    }
}

fn sort_key(method: &str, entry: &[Value]) -> (String, String) {
    let text = |index: usize| match entry.get(index) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    if method == "ListUploads" { (text(1), text(0)) } else { (text(0), String::new()) }
}

/// A time as text, in microseconds. Days are counted in eras of 400 years that begin in March.
pub fn rfc3339(time: Time) -> String {
    let (days, second) = (time.seconds.div_euclid(86_400), time.seconds.rem_euclid(86_400));
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let micro = time.nanoseconds / 1_000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micro:06}Z")
}
