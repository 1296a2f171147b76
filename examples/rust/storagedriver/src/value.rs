//! What a header is made of, and its encoding. See sections 3.5 and 3.6 of the protocol.

use rmp::encode;

use crate::limits::MAX_CREDIT_BYTES;

/// One msgpack value of the types that the protocol has.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // The variants are named by what they hold.
pub enum Value {
    Nil,
    Bool(bool),
    /// Of any msgpack width, signed or not.
    Integer(i128),
    Float(f64),
    Text(String),
    Binary(Vec<u8>),
    Array(Vec<Value>),
    Map(Map),
}

/// A map, in the order of the wire, without two equal keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(pub Vec<(String, Value)>);

impl Map {
    /// The value of a key; nil is the same as absent.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value).filter(|value| **value != Value::Nil)
    }

    /// The text of a key, if there is one.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The count of a key, if there is one.
    pub fn count(&self, key: &str) -> Option<u64> {
        self.get(key)?.integer().and_then(|integer| u64::try_from(integer).ok())
    }

    /// Whether the key is there and true.
    pub fn flag(&self, key: &str) -> bool {
        self.get(key) == Some(&Value::Bool(true))
    }

    /// The binary of a key; absent is empty.
    pub fn binary(&self, key: &str) -> &[u8] {
        match self.get(key) {
            Some(Value::Binary(bytes)) => bytes,
            _ => &[],
        }
    }
}

impl<const N: usize> From<[(&str, Value); N]> for Map {
    fn from(pairs: [(&str, Value); N]) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }
}

impl Value {
    /// The integer that this is, also as a float without fraction up to 2^53.
    pub fn integer(&self) -> Option<i128> {
        const LIMIT: f64 = MAX_CREDIT_BYTES as f64;
        match *self {
            Self::Integer(integer) => Some(integer),
            // In this range the conversion is exact.
            Self::Float(float) if float.fract() == 0.0 && float.abs() <= LIMIT => {
                Some(float as i128)
            }
            _ => None,
        }
    }

    /// Append the encoding, in the shortest form of each value.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Nil => buffer.push(0xc0),
            Self::Bool(flag) => buffer.push(if *flag { 0xc3 } else { 0xc2 }),
            Self::Integer(integer) => encode_integer(buffer, *integer),
            Self::Float(float) => written(encode::write_f64(buffer, *float)),
            Self::Text(text) => written(encode::write_str(buffer, text)),
            Self::Binary(bytes) => written(encode::write_bin(buffer, bytes)),
            Self::Array(elements) => {
                written(encode::write_array_len(buffer, length(elements.len())));
                elements.iter().for_each(|element| element.encode(buffer));
            }
            Self::Map(map) => encode_map(buffer, map),
        }
    }
}

/// Append the encoding of a map.
pub fn encode_map(buffer: &mut Vec<u8>, map: &Map) {
    written(encode::write_map_len(buffer, length(map.0.len())));
    for (key, value) in &map.0 {
        written(encode::write_str(buffer, key));
        value.encode(buffer);
    }
}

/// Append the encoding of an integer that has at most 64 bits; of a larger one the nearest.
fn encode_integer(buffer: &mut Vec<u8>, integer: i128) {
    match u64::try_from(integer) {
        Ok(unsigned) => written(encode::write_uint(buffer, unsigned)),
        Err(_) if integer > 0 => written(encode::write_uint(buffer, u64::MAX)),
        Err(_) => {
            written(encode::write_sint(buffer, i64::try_from(integer).unwrap_or(i64::MIN)));
        }
    }
}

fn length(items: usize) -> u32 {
    u32::try_from(items).expect("no container on the wire has 2^32 items")
}

/// Writing into memory does not fail.
fn written<T, E: std::fmt::Debug>(result: Result<T, E>) {
    result.expect("memory takes all that is written");
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

macro_rules! from_integers {
    ($($type:ty),*) => {$(
        impl From<$type> for Value {
            fn from(integer: $type) -> Self {
                Self::Integer(integer as i128)
            }
        }
    )*};
}
from_integers!(u32, i64, u64, usize);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nil, Into::into)
    }
}
