//! All shared test vectors of the protocol, as section 16 of it describes them.

mod common;

use common::{Json, array, bytes, matches, text, vectors};
use storagedriver::calls::{check_entry, check_info, check_params, check_result};
use storagedriver::decode::{decode_entries, decode_map, decode_value};
use storagedriver::limits::MAX_NESTING_LEVELS;
use storagedriver::message::{Content, Message, Request, Response};
use storagedriver::session::{Role, Session};
use storagedriver::states::Side;
use storagedriver::value::{Map, Value};
use storagedriver::version::Version;
use storagedriver::wire_errors::{error_from_wire, error_to_wire};
use storagedriver::{Error, ErrorKind, Result, Time};

/// What is wrong with how a vector is taken.
type Outcome = std::result::Result<(), String>;
type Check = fn(&Json) -> Outcome;

/// The files of which each has a test here.
const FILES: [&str; 8] =
    ["calls", "errors", "listings", "messages", "rejects", "sequences", "times", "versions"];

#[test]
fn every_file_has_a_test() {
    assert_eq!(common::files(), FILES);
}

/// Run the checks of a file, one for each of its arrays, and tell of all that fail at once.
fn run(file: &str, checks: &[(&str, Check)]) {
    let all = vectors(file);
    let arrays = all.as_object().expect("a map").iter().filter(|(_, value)| value.is_array());
    let mut failures = Vec::new();
    for (name, vectors) in arrays {
        let found = checks.iter().find(|(array, _)| array == name);
        let (_, check) = found.unwrap_or_else(|| panic!("{file}: no check for {name}"));
        let failed = |vector: &Json| check(vector).err().map(|why| (vector["name"].clone(), why));
        failures.extend(array(vectors).iter().filter_map(failed));
        println!("{file} {name}: {} run", array(vectors).len());
    }
    for (name, _) in checks {
        assert!(!array(&all[name]).is_empty());
    }
    let lines: Vec<String> = failures.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    assert!(lines.is_empty(), "{} failed:\n{}", lines.len(), lines.join("\n"));
}

fn refused<T>(result: Result<T>) -> Outcome {
    match result {
        Ok(_) => Err("was taken".into()),
        Err(error) if matches!(error.kind(), ErrorKind::Protocol { .. }) => Ok(()),
        Err(error) => Err(format!("is no protocol error: {error:?}")),
    }
}

fn taken<T>(result: Result<T>) -> std::result::Result<T, String> {
    result.map_err(|error| error.to_string())
}

fn expect(meaning: &Json, value: &Value) -> Outcome {
    if matches(meaning, value) { Ok(()) } else { Err(format!("{value:?} is not {meaning}")) }
}

fn decode(vector: &Json) -> Result<Message> {
    let content = match &vector["content"] {
        Json::Null => None,
        content => Some(Content::Owned(bytes(content))),
    };
    Message::decode(&bytes(&vector["header"]), content)
}

fn elements_of(message: &Message) -> Map {
    let binary = |content: &Option<Content>| {
        content.as_ref().map_or(Value::Nil, |content| Value::Binary(content.to_vec()))
    };
    let map = |map: &Option<Map>| map.clone().map_or(Value::Nil, Value::Map);
    let kind = ("kind", Value::from(format!("{:?}", message.kind()).to_uppercase()));
    match message {
        Message::Request(Request { id, method, params, content }) => Map::from([
            kind,
            ("id", (*id).into()),
            ("method", method.as_str().into()),
            ("params", Value::Map(params.clone())),
            ("content", binary(content)),
        ]),
        Message::Response(Response { id, error, result, content }) => Map::from([
            kind,
            ("id", (*id).into()),
            ("error", map(error)),
            ("result", map(result)),
            ("content", binary(content)),
        ]),
        Message::Chunk { id, content } => {
            Map::from([kind, ("id", (*id).into()), ("content", Value::Binary(content.to_vec()))])
        }
        Message::End { id, content } => {
            Map::from([kind, ("id", (*id).into()), ("content", binary(content))])
        }
        Message::Credit { id, bytes } => {
            Map::from([kind, ("id", (*id).into()), ("bytes", (*bytes).into())])
        }
        Message::Cancel { id } => Map::from([kind, ("id", (*id).into())]),
        Message::Attach { token, version, pid } => Map::from([
            kind,
            ("token", token.as_str().into()),
            ("version", version.as_str().into()),
            ("pid", (*pid).into()),
        ]),
        Message::Start { id, info } => {
            Map::from([kind, ("id", (*id).into()), ("info", Value::Map(info.clone()))])
        }
        Message::Close => Map::from([kind]),
    }
}

#[test]
fn messages() {
    run(
        "messages",
        &[("accept", |vector| {
            let message = taken(decode(vector))?;
            expect(&vector["message"], &Value::Map(elements_of(&message)))?;
            if vector["canonical"] != Json::Bool(true) {
                return Ok(());
            }
            let (header, frame) = taken(message.encode())?;
            let second = match &vector["content"] {
                Json::Null => None,
                content => Some(bytes(content)),
            };
            let is_same =
                header == bytes(&vector["header"]) && frame.map(Content::into_vec) == second;
            if is_same { Ok(()) } else { Err(format!("is encoded as {header:02x?}")) }
        })],
    );
}

#[test]
fn rejects() {
    run("rejects", &[("reject", |vector| refused(decode(vector)))]);
}

fn check_call(vector: &Json) -> Result<Map> {
    let (method, map) = (text(&vector["method"]), decode_map(&bytes(&vector["bytes"]))?);
    match text(&vector["part"]) {
        "params" => check_params(method, map),
        "result" => check_result(method, map),
        _ => check_info(method, map),
    }
}

#[test]
fn calls() {
    run(
        "calls",
        &[
            ("accept", |vector| {
                expect(&vector["meaning"], &Value::Map(taken(check_call(vector))?))
            }),
            ("reject", |vector| refused(check_call(vector))),
        ],
    );
}

#[test]
fn errors() {
    run(
        "errors",
        &[
            ("accept", |vector| {
                let map = taken(decode_map(&bytes(&vector["bytes"])))?;
                let error = taken(error_from_wire(&map))?;
                let class = match error.kind() {
                    ErrorKind::Other { .. } => "Internal",
                    kind => kind.code(),
                };
                if class != text(&vector["class"]) {
                    return Err(format!("is treated as {class}"));
                }
                let mut told = error_to_wire(&error, map.text("driver").unwrap_or_default());
                if vector["meaning"]["message"] == Json::Null {
                    told.0.retain(|(name, _)| name != "message");
                    told.0.push(("message".into(), Value::Nil));
                }
                expect(&vector["meaning"], &Value::Map(told))
            }),
            ("reject", |vector| {
                refused(decode_map(&bytes(&vector["bytes"])).and_then(|map| error_from_wire(&map)))
            }),
        ],
    );
}

fn read_listing(vector: &Json) -> Result<Vec<Value>> {
    let mut entries = Vec::new();
    for chunk in array(&vector["chunks"]) {
        for entry in decode_entries(&bytes(chunk))? {
            entries.push(Value::Array(check_entry(text(&vector["method"]), entry)?));
        }
    }
    Ok(entries)
}

#[test]
fn listings() {
    run(
        "listings",
        &[
            ("accept", |vector| {
                expect(&vector["entries"], &Value::Array(taken(read_listing(vector))?))
            }),
            ("reject", |vector| refused(read_listing(vector))),
        ],
    );
}

#[test]
fn versions() {
    run(
        "versions",
        &[
            ("accept", |vector| {
                let parsed = Version::parse(text(&vector["text"])).ok_or("is refused")?;
                let numbers = (vector["major"].as_u64(), vector["minor"].as_u64());
                let is_right = numbers == (Some(parsed.major.into()), Some(parsed.minor.into()));
                if is_right { Ok(()) } else { Err(format!("is {parsed}")) }
            }),
            ("reject", |vector| match Version::parse(text(&vector["text"])) {
                Some(version) => Err(format!("is {version}")),
                None => Ok(()),
            }),
            ("agree", |vector| {
                let version = |key: &str| Version::parse(text(&vector[key])).expect("a version");
                let spoken = version("host").speak(version("oldest"), version("driver")).ok();
                let expected = vector["speak"].as_str().and_then(Version::parse);
                if spoken == expected { Ok(()) } else { Err(format!("speak {spoken:?}")) }
            }),
        ],
    );
}

fn time(vector: &Json) -> Result<Time> {
    let encoded = bytes(&vector["bytes"]);
    let value = decode_value(&mut encoded.as_slice(), MAX_NESTING_LEVELS)?;
    Time::from_value(&value).map_err(Error::protocol)
}

#[test]
fn times() {
    run(
        "times",
        &[
            ("accept", |vector| {
                let time = taken(time(vector))?.cut_to_microseconds();
                if common::rfc3339(time) != text(&vector["meaning"]) {
                    return Err(format!("is {}", common::rfc3339(time)));
                }
                let mut encoded = Vec::new();
                Value::from(time).encode(&mut encoded);
                let must_be_same = vector["canonical"] == Json::Bool(true);
                if must_be_same && encoded != bytes(&vector["bytes"]) {
                    return Err(format!("is encoded as {encoded:02x?}"));
                }
                Ok(())
            }),
            ("reject", |vector| refused(time(vector))),
        ],
    );
}

/// Play a sequence; return the state in the end.
fn play(vector: &Json) -> std::result::Result<Session, (usize, Error)> {
    let side = if vector["side"] == "host" { Side::Host } else { Side::Driver };
    let (chunk, credit) = (vector["max_chunk"].as_u64(), vector["write_credit"].as_u64());
    let mut session = Session::worker(side, chunk.expect("bytes"), credit.expect("bytes"));
    if vector["channel"] == "control" {
        session.role = Role::New;
    }
    let mut listed = common::Listed::default();
    for (index, step) in array(&vector["steps"]).iter().enumerate() {
        let at = |error| (index, error);
        let message = |key: &str| {
            decode(&serde_json::json!({"header": step[key], "content": step["content"]}))
        };
        if step.get("send").is_some() {
            session.send(&message("send").map_err(at)?).map_err(at)?;
            continue;
        }
        let acted_on = session.receive(message("receive").map_err(at)?).map_err(at)?;
        if side == Side::Host {
            if let Some(message) = &acted_on {
                listed.count(&session, message).map_err(at)?;
            }
        }
        if acted_on.is_none() != (step["ignored"] == Json::Bool(true)) {
            return Err((index, Error::internal("is acted on, and should not be; or not")));
        }
    }
    Ok(session)
}

#[test]
fn sequences() {
    run(
        "sequences",
        &[
            ("accept", |vector| {
                let session =
                    play(vector).map_err(|(index, error)| format!("step {index}: {error}"))?;
                let state = format!("{:?}", session.state).to_uppercase();
                if state == text(&vector["state"]) {
                    Ok(())
                } else {
                    Err(format!("ends in {state}"))
                }
            }),
            ("reject", |vector| {
                let last = array(&vector["steps"]).len() - 1;
                match play(vector) {
                    Ok(_) => Err("was taken".into()),
                    Err((index, error)) if index != last => Err(format!("step {index}: {error}")),
                    Err((_, error)) => refused::<()>(Err(error)),
                }
            }),
        ],
    );
}
