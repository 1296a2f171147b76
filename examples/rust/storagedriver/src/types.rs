//! The types of values in params, results and listings, and how each is checked (9.2).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::limits::{MAX_COUNT, MAX_CREDIT_BYTES, MAX_VERSION_BYTES, MIN_CHUNK_BYTES};
use crate::value::{Map, Value};

const FIRST_SECOND: i128 = -62_135_596_800;
const LAST_SECOND: i128 = 253_402_300_799;

/// A moment in UTC: seconds since 1970, and nanoseconds that always count forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Since the beginning of 1970; negative before.
    pub seconds: i64,
    /// From 0 to 999,999,999.
    pub nanoseconds: u32,
}

impl Time {
    /// The time of now.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// The same, cut to microseconds: no host keeps more.
    pub fn cut_to_microseconds(self) -> Self {
        Self { nanoseconds: self.nanoseconds / 1_000 * 1_000, ..self }
    }

    /// The time that a value is; the text says what is wrong with it.
    pub fn from_value(value: &Value) -> Result<Self, String> {
        let Value::Array(elements) = value else {
            return Err("must be [seconds, nanoseconds]".into());
        };
        let [seconds, nanoseconds] = elements.as_slice() else {
            return Err("must be [seconds, nanoseconds]".into());
        };
        let (Some(seconds), Some(nanoseconds)) = (seconds.integer(), nanoseconds.integer()) else {
            return Err("must be made of integers".into());
        };
        if !(0..1_000_000_000).contains(&nanoseconds) {
            return Err("must have 0 to 999999999 nanoseconds".into());
        }
        if !(FIRST_SECOND..=LAST_SECOND).contains(&seconds) {
            return Err("must lie in the years 1 to 9999".into());
        }
        // Both were just seen to fit.
        Ok(Self { seconds: seconds as i64, nanoseconds: nanoseconds as u32 })
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self {
                seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
                nanoseconds: since.subsec_nanos(),
            },
            Err(before) => {
                let before = before.duration();
                let whole = before.as_secs() + u64::from(before.subsec_nanos() > 0);
                let rest = Duration::from_secs(whole) - before;
                Self {
                    seconds: -i64::try_from(whole).unwrap_or(i64::MAX),
                    nanoseconds: rest.subsec_nanos(),
                }
            }
        }
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Self::Array(vec![time.seconds.into(), time.nanoseconds.into()])
    }
}

/// A type of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Section 9.2 says what each is.
pub enum Type {
    Text,
    Version,
    Flag,
    Count,
    Credit,
    Limit,
    Time,
    Texts,
    Options,
    Meta,
    Workers,
}

/// The value in its normal form: integers that came as floats are integers. The text says what is
/// wrong, and goes on where the name of a key has been said.
pub fn check(kind: Type, value: Value) -> Result<Value, String> {
    match (kind, value) {
        (Type::Text, text @ Value::Text(_)) => Ok(text),
        (Type::Text, _) => Err("must be a text".into()),
        (Type::Version, Value::Binary(bytes)) if bytes.len() <= MAX_VERSION_BYTES => {
            Ok(Value::Binary(bytes))
        }
        (Type::Version, _) => Err(format!("must be binary of at most {MAX_VERSION_BYTES} bytes")),
        (Type::Flag, flag @ Value::Bool(_)) => Ok(flag),
        (Type::Flag, _) => Err("must be true or false".into()),
        (Type::Count, value) => integer(&value, 0, MAX_COUNT),
        (Type::Credit, value) => integer(&value, 0, MAX_CREDIT_BYTES),
        (Type::Limit, value) => integer(&value, MIN_CHUNK_BYTES as u64, MAX_CREDIT_BYTES),
        (Type::Time, value) => Time::from_value(&value).map(Value::from),
        (Type::Texts, Value::Array(elements)) if elements.iter().all(is_text) => {
            Ok(Value::Array(elements))
        }
        (Type::Texts, _) => Err("must be an array of texts".into()),
        (Type::Options, value) => {
            check_map(value, &[("method", Type::Text), ("expiry", Type::Time)], false)
        }
        (Type::Meta, value) => {
            check_map(value, &[("deadline_ms", Type::Count), ("traceparent", Type::Text)], false)
        }
        (Type::Workers, Value::Array(workers)) => {
            let checked = workers.into_iter().map(|worker| check_map(worker, &WORKER, true));
            checked.collect::<Result<_, _>>().map(Value::Array)
        }
        (Type::Workers, _) => Err("must be an array".into()),
    }
}

const WORKER: [(&str, Type); 5] = [
    ("channel", Type::Count),
    ("id", Type::Count),
    ("method", Type::Text),
    ("busy_ms", Type::Count),
    ("moved_bytes", Type::Count),
];

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Text(_))
}

fn integer(value: &Value, least: u64, most: u64) -> Result<Value, String> {
    let fitting = value.integer().filter(|integer| (least.into()..=most.into()).contains(integer));
    let misfit = || format!("must be an integer from {least} to {most}");
    fitting.map(Value::Integer).ok_or_else(misfit)
}

/// Only the keys that are told are looked at; the others stay.
fn check_map(value: Value, keys: &[(&str, Type)], required: bool) -> Result<Value, String> {
    let Value::Map(Map(mut pairs)) = value else {
        return Err("must be a map".into());
    };
    for (name, kind) in keys {
        let found = pairs.iter_mut().find(|(key, value)| key == name && *value != Value::Nil);
        match found {
            Some((_, value)) => {
                let checked = check(*kind, std::mem::replace(value, Value::Nil));
                *value = checked.map_err(|misfit| format!("has a key {name} that {misfit}"))?;
            }
            None if required => return Err(format!("must have the key {name}")),
            None => {}
        }
    }
    Ok(Value::Map(Map(pairs)))
}
