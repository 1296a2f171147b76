//! Decoding, as strict as the protocol: whatever a stranger sends, memory and stack stay small.

use std::collections::HashSet;

use rmp::Marker;

use crate::error::{Error, Result};
use crate::limits::{MAX_CONTAINER_ITEMS, MAX_NESTING_LEVELS};
use crate::value::{Map, Value};

/// Decode an array that fills all of `bytes`.
pub fn decode_array(bytes: &[u8]) -> Result<Vec<Value>> {
    let mut input = bytes;
    let elements = array(decode_value(&mut input, MAX_NESTING_LEVELS)?)?;
    if !input.is_empty() {
        return Err(Error::protocol(format!("{} bytes follow the array", input.len())));
    }
    Ok(elements)
}

/// Decode the entries of one chunk of a listing, each an array.
pub fn decode_entries(bytes: &[u8]) -> Result<Vec<Vec<Value>>> {
    let mut input = bytes;
    let mut entries = Vec::new();
    while !input.is_empty() {
        entries.push(array(decode_value(&mut input, MAX_NESTING_LEVELS)?)?);
    }
    Ok(entries)
}

/// Decode a map that fills all of `bytes`.
pub fn decode_map(bytes: &[u8]) -> Result<Map> {
    let mut input = bytes;
    match decode_value(&mut input, MAX_NESTING_LEVELS)? {
        Value::Map(map) if input.is_empty() => Ok(map),
        _ => Err(Error::protocol("a map is needed here, and nothing behind it")),
    }
}

/// Take one value from the front of `input`, with at most so many levels of arrays and maps.
pub fn decode_value(input: &mut &[u8], levels: usize) -> Result<Value> {
    let marker = Marker::from_u8(take(input, 1)?[0]);
    Ok(match marker {
        Marker::Null => Value::Nil,
        Marker::True => Value::Bool(true),
        Marker::False => Value::Bool(false),
        Marker::FixPos(small) => Value::Integer(small.into()),
        Marker::FixNeg(small) => Value::Integer(small.into()),
        Marker::U8 => Value::Integer(unsigned(input, 1)?.into()),
        Marker::U16 => Value::Integer(unsigned(input, 2)?.into()),
        Marker::U32 => Value::Integer(unsigned(input, 4)?.into()),
        Marker::U64 => Value::Integer(unsigned(input, 8)?.into()),
        Marker::I8 => Value::Integer((unsigned(input, 1)? as i8).into()),
        Marker::I16 => Value::Integer((unsigned(input, 2)? as i16).into()),
        Marker::I32 => Value::Integer((unsigned(input, 4)? as i32).into()),
        Marker::I64 => Value::Integer((unsigned(input, 8)? as i64).into()),
        Marker::F32 => Value::Float(f32::from_bits(unsigned(input, 4)? as u32).into()),
        Marker::F64 => Value::Float(f64::from_bits(unsigned(input, 8)?)),
        Marker::FixStr(length) => text(input, length.into())?,
        Marker::Str8 => sized(input, 1, text)?,
        Marker::Str16 => sized(input, 2, text)?,
        Marker::Str32 => sized(input, 4, text)?,
        Marker::Bin8 => sized(input, 1, binary)?,
        Marker::Bin16 => sized(input, 2, binary)?,
        Marker::Bin32 => sized(input, 4, binary)?,
        Marker::FixArray(length) => elements(input, length.into(), levels)?,
        Marker::Array16 => sized(input, 2, |input, length| elements(input, length, levels))?,
        Marker::Array32 => sized(input, 4, |input, length| elements(input, length, levels))?,
        Marker::FixMap(length) => pairs(input, length.into(), levels)?,
        Marker::Map16 => sized(input, 2, |input, length| pairs(input, length, levels))?,
        Marker::Map32 => sized(input, 4, |input, length| pairs(input, length, levels))?,
        Marker::Reserved => return Err(Error::protocol("a byte that begins no value")),
        _ => return Err(Error::protocol("extension types are not allowed")),
    })
}

fn array(value: Value) -> Result<Vec<Value>> {
    match value {
        Value::Array(elements) => Ok(elements),
        _ => Err(Error::protocol("an array is needed here")),
    }
}

fn take<'a>(input: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let Some((taken, rest)) = input.split_at_checked(length) else {
        return Err(Error::protocol("a value is cut short"));
    };
    *input = rest;
    Ok(taken)
}

fn unsigned(input: &mut &[u8], width: usize) -> Result<u64> {
    let bytes = take(input, width)?;
    Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn sized(
    input: &mut &[u8],
    width: usize,
    decode: impl FnOnce(&mut &[u8], usize) -> Result<Value>,
) -> Result<Value> {
    let length = usize::try_from(unsigned(input, width)?).unwrap_or(usize::MAX);
    decode(input, length)
}

fn text(input: &mut &[u8], length: usize) -> Result<Value> {
    let bytes = take(input, length)?;
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Value::Text(text.to_owned())),
        Err(_) => Err(Error::protocol("a text is not valid UTF-8")),
    }
}

fn binary(input: &mut &[u8], length: usize) -> Result<Value> {
    Ok(Value::Binary(take(input, length)?.to_vec()))
}

/// The number of levels that are left below a container of `length` items.
fn enter(length: usize, levels: usize) -> Result<usize> {
    if length > MAX_CONTAINER_ITEMS {
        return Err(Error::protocol(format!("more than {MAX_CONTAINER_ITEMS} items")));
    }
    let Some(below) = levels.checked_sub(1) else {
        let detail = format!("nested deeper than {MAX_NESTING_LEVELS} levels");
        return Err(Error::protocol(detail));
    };
    Ok(below)
}

fn elements(input: &mut &[u8], length: usize, levels: usize) -> Result<Value> {
    let below = enter(length, levels)?;
    // Not reserved for what the length says: that is cheap to claim.
    let mut elements = Vec::with_capacity(length.min(input.len()).min(16));
    for _ in 0..length {
        elements.push(decode_value(input, below)?);
    }
    Ok(Value::Array(elements))
}

fn pairs(input: &mut &[u8], length: usize, levels: usize) -> Result<Value> {
    let below = enter(length, levels)?;
    let mut pairs: Vec<(String, Value)> = Vec::with_capacity(length.min(input.len()).min(16));
    for _ in 0..length {
        let Value::Text(key) = decode_value(input, below)? else {
            return Err(Error::protocol("a key of a map must be a text"));
        };
        pairs.push((key, decode_value(input, below)?));
    }
    if has_duplicates(&pairs) {
        return Err(Error::protocol("a map has the same key twice"));
    }
    Ok(Value::Map(Map(pairs)))
}

fn has_duplicates(pairs: &[(String, Value)]) -> bool {
    // Nearly every map is small, and comparing then costs less than hashing.
    if pairs.len() <= 8 {
        let earlier = |index: usize, key: &str| pairs[..index].iter().any(|pair| pair.0 == key);
        return pairs.iter().enumerate().any(|(index, (key, _))| earlier(index, key));
    }
    let mut seen = HashSet::with_capacity(pairs.len());
    !pairs.iter().all(|(key, _)| seen.insert(key))
}
