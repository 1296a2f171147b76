//! Every call as data: its params, its result, and which way its content flows (9.1 and 9.3).

use crate::error::{Error, Result};
use crate::types::{Type, check};
use crate::value::{Map, Value};

/// Which way the content of a call flows, as the host sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Direction {
    None,
    Sent,
    Received,
}

/// One key of a map, or element of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    name: &'static str,
    kind: Type,
    required: bool,
}

const fn key(name: &'static str, kind: Type) -> Key {
    Key { name, kind, required: true }
}

const fn optional(name: &'static str, kind: Type) -> Key {
    Key { name, kind, required: false }
}

/// One method.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Call {
    pub method: &'static str,
    pub direction: Direction,
    params: &'static [Key],
    result: &'static [Key],
    info: &'static [Key],
    entry: &'static [Key],
    /// The key of the result that must agree with the content that moved.
    pub count_key: Option<&'static str>,
    /// Whether that count has the param `offset` in it.
    pub counts_from_offset: bool,
}

const PATH: Key = key("path", Type::Text);
const ID: Key = key("upload_id", Type::Text);
const SIZE: Key = key("size", Type::Count);
const OFFSET: Key = key("offset", Type::Count);
const VERSION: Key = optional("version", Type::Version);
const CREDIT: Key = key("credit", Type::Credit);
const END: Key = optional("end", Type::Flag);
const COUNT: Key = key("count", Type::Count);
const START_AFTER: Key = optional("start_after", Type::Text);
const META: Key = optional("meta", Type::Meta);
const READ_INFO: &[Key] = &[optional("size", Type::Count), VERSION];
const WRITTEN: &[Key] = &[key("written", Type::Count)];

const fn plain(method: &'static str, params: &'static [Key], result: &'static [Key]) -> Call {
    Call {
        method,
        direction: Direction::None,
        params,
        result,
        info: &[],
        entry: &[],
        count_key: None,
        counts_from_offset: false,
    }
}

const fn read(method: &'static str, params: &'static [Key]) -> Call {
    let direction = Direction::Received;
    let call = plain(method, params, &[SIZE, VERSION]);
    Call { direction, info: READ_INFO, count_key: Some("size"), ..call }
}

const fn listing(method: &'static str, params: &'static [Key], entry: &'static [Key]) -> Call {
    Call { direction: Direction::Received, entry, ..plain(method, params, &[COUNT]) }
}

const fn write(method: &'static str, params: &'static [Key]) -> Call {
    let call = plain(method, params, WRITTEN);
    Call { direction: Direction::Sent, count_key: Some("written"), ..call }
}

const LISTED: &[Key] = &[PATH, START_AFTER, CREDIT];
const FILE: &[Key] = &[PATH, SIZE, key("mod_time", Type::Time)];
const HELLO: &[Key] = &[
    key("version", Type::Text),
    key("name", Type::Text),
    key("features", Type::Texts),
    key("max_channels", Type::Count),
    key("write_credit", Type::Limit),
    key("max_chunk", Type::Limit),
];
const STAT: &[Key] = &[PATH, SIZE, optional("mod_time", Type::Time), key("is_dir", Type::Flag)];

static CALLS: &[Call] = &[
    plain(
        "Hello",
        &[key("version", Type::Text), key("features", Type::Texts), key("max_chunk", Type::Limit)],
        HELLO,
    ),
    plain("OpenChannel", &[key("channel", Type::Count), key("endpoint", Type::Text)], &[]),
    plain("Ping", &[], &[key("workers", Type::Workers)]),
    plain("Shutdown", &[], &[]),
    read("GetContent", &[PATH, CREDIT]),
    read("ReadStream", &[PATH, OFFSET, CREDIT, VERSION]),
    write("PutContent", &[PATH, END]),
    write("WriteStream", &[PATH, OFFSET, END]),
    plain("Stat", &[PATH], STAT),
    listing("List", LISTED, &[key("name", Type::Text), optional("is_dir", Type::Flag)]),
    listing("Walk", LISTED, FILE),
    plain("Move", &[key("source", Type::Text), key("destination", Type::Text)], &[]),
    plain("Delete", &[PATH], &[]),
    plain("URLFor", &[PATH, key("options", Type::Options)], &[key("url", Type::Text)]),
    plain("OpenUpload", &[PATH, optional("upload_id", Type::Text)], &[ID, SIZE]),
    Call {
        direction: Direction::Sent,
        count_key: Some("size"),
        counts_from_offset: true,
        ..plain("WriteUpload", &[ID, OFFSET, END], &[SIZE])
    },
    plain(
        "CommitUpload",
        &[ID, optional("size", Type::Count), optional("digest", Type::Text)],
        &[],
    ),
    plain("CancelUpload", &[ID], &[]),
    plain("CloseUpload", &[ID], &[]),
    listing("ListUploads", &[PATH, CREDIT], &[ID, PATH, SIZE, key("time", Type::Time)]),
];

/// The call of this name, if this version has it.
pub fn find(method: &str) -> Option<&'static Call> {
    CALLS.iter().find(|call| call.method == method)
}

/// The known keys of params in their normal form, with nil, false or empty for those absent.
pub fn check_params(method: &str, params: Map) -> Result<Map> {
    let mut checked = check_keys(method, "params", known(method)?.params, params.clone())?;
    checked.0.extend(check_keys(method, "params", &[META], params)?.0);
    Ok(checked)
}

/// As `check_params`, for the result of a success.
pub fn check_result(method: &str, result: Map) -> Result<Map> {
    check_keys(method, "result", known(method)?.result, result)
}

/// As `check_params`, for the info of a START.
pub fn check_info(method: &str, info: Map) -> Result<Map> {
    check_keys(method, "info", known(method)?.info, info)
}

/// As `check_params`, for an entry of a listing, which gets all its known elements.
pub fn check_entry(method: &str, entry: Vec<Value>) -> Result<Vec<Value>> {
    let mut given = entry.into_iter();
    let mut checked = Vec::new();
    for key in known(method)?.entry {
        checked.push(check_key(method, "entry", key, given.next().unwrap_or(Value::Nil))?);
    }
    Ok(checked)
}

fn known(method: &str) -> Result<&'static Call> {
    let shown: String = method.chars().take(40).collect();
    find(method).ok_or_else(|| Error::protocol(format!("nothing is known of {shown:?}")))
}

fn check_keys(method: &str, part: &str, keys: &[Key], mut given: Map) -> Result<Map> {
    let mut checked = Vec::with_capacity(keys.len());
    for key in keys {
        let found = given.0.iter_mut().find(|(name, _)| name == key.name);
        let value = found.map_or(Value::Nil, |(_, value)| std::mem::replace(value, Value::Nil));
        checked.push((key.name.to_owned(), check_key(method, part, key, value)?));
    }
    Ok(Map(checked))
}

fn check_key(method: &str, part: &str, key: &Key, value: Value) -> Result<Value> {
    match (value, key.required, key.kind) {
        (Value::Nil, true, _) => {
            Err(Error::protocol(format!("{method} {part}: {} is missing", key.name)))
        }
        // What a listing does not tell of an entry is not false.
        (Value::Nil, false, Type::Flag) if part != "entry" => Ok(Value::Bool(false)),
        (Value::Nil, false, Type::Version) => Ok(Value::Binary(Vec::new())),
        (Value::Nil, false, _) => Ok(Value::Nil),
        (value, _, kind) => check(kind, value)
            .map_err(|misfit| Error::protocol(format!("{method} {part}: {} {misfit}", key.name))),
    }
}
