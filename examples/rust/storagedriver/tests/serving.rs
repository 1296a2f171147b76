//! A driver that is served in a process of its own, as a host sees it.

mod host;

use std::io::Write;
use std::time::{Duration, Instant};

use host::Host;
use storagedriver::message::{Message, Response};
use storagedriver::value::{Map, Value};

fn code(response: &Response) -> &str {
    response.error.as_ref().and_then(|error| error.text("code")).unwrap_or("none")
}

#[test]
fn hello_channels_and_shutdown() {
    let mut host = Host::start();
    let mut control = host.accept_control();
    let hello = control.call("Hello", host::hello()).result.expect("a success");
    assert_eq!((hello.text("version"), hello.text("name")), (Some("0.1"), Some("probe")));
    assert_eq!(hello.count("max_chunk"), Some(65_536));
    let mut worker = host.open_channel(&mut control, 1);
    let stat = worker.call("Stat", Map::from([("path", "/a".into())]));
    assert_eq!(stat.result.and_then(|result| result.count("size")), Some(7));
    let again = Map::from([("channel", 1_u64.into()), ("endpoint", "ipc:///tmp/x".into())]);
    assert_eq!(code(&control.call("OpenChannel", again)), "InvalidParameters");
    let other = Map::from([("channel", 2_u64.into()), ("endpoint", "tcp://10.0.0.1:1".into())]);
    assert_eq!(code(&control.call("OpenChannel", other)), "InvalidParameters");
    assert!(control.call("Shutdown", Map::default()).error.is_none());
    assert_eq!(host.wait(), Some(0));
}

#[test]
fn a_panic_and_an_unknown_method_are_answers() {
    let mut host = Host::start();
    let mut control = host.accept_control();
    control.call("Hello", host::hello());
    let mut worker = host.open_channel(&mut control, 1);
    let panic = worker.call("Delete", Map::from([("path", "/panic".into())]));
    assert_eq!(code(&panic), "Internal");
    assert_eq!(code(&worker.call("Teleport", Map::default())), "UnsupportedMethod");
    assert_eq!(code(&worker.call("Stat", Map::from([("path", "/b".into())]))), "none");
}

#[test]
fn a_breach_ends_its_channel_and_no_other() {
    let mut host = Host::start();
    let mut control = host.accept_control();
    control.call("Hello", host::hello());
    for (number, breach) in
        [&b"\xc1"[..], b"", b"\x91\x08\x91", b"\x94\x00\x01\xa5Hello\x80"].iter().enumerate()
    {
        let mut worker = host.open_channel(&mut control, number as u64);
        worker.send_raw(breach);
        assert_eq!(code(&worker.response()), "ProtocolError");
        // The slot is free again, when the thread has seen its end.
        assert!(control.call("Ping", Map::default()).error.is_none());
    }
}

#[test]
fn a_cancel_stops_a_write() {
    let mut host = Host::start();
    let mut control = host.accept_control();
    control.call("Hello", host::hello());
    let mut worker = host.open_channel(&mut control, 1);
    let id = worker.begin("PutContent", Map::from([("path", "/a".into())]));
    worker.send(Message::Cancel { id });
    assert_eq!(code(&worker.response()), "Cancelled");
}

#[test]
fn busy_workers_do_not_hold_up_a_ping_and_a_lost_host_ends_all() {
    let mut host = Host::start();
    let mut control = host.accept_control();
    control.call("Hello", host::hello());
    let mut worker = host.open_channel(&mut control, 9);
    worker.begin("Delete", Map::from([("path", "/sleep".into())]));
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let result = control.call("Ping", Map::default()).result.expect("a success");
        match result.get("workers") {
            Some(Value::Array(workers)) if workers.len() == 1 => break,
            _ => assert!(Instant::now() < deadline, "the call is never told of"),
        }
    }
    let gone = Instant::now();
    host.close_input();
    assert_eq!(host.wait(), Some(0));
    assert!(gone.elapsed() < Duration::from_secs(2));
}

#[test]
fn wrong_parameters_are_told_by_hello() {
    let mut host = Host::start_with("{\"wrong\": 1}");
    let mut control = host.accept_control();
    assert_eq!(code(&control.call("Hello", host::hello())), "InvalidParameters");
    assert_eq!(host.wait(), Some(0));
}

#[test]
fn started_by_hand() {
    let by_hand = host::program().env_remove("STORAGEDRIVER_ENDPOINT").output().expect("runs");
    assert_eq!(by_hand.status.code(), Some(64));
    assert_eq!(String::from_utf8_lossy(&by_hand.stderr).lines().count(), 2);
    let version = host::program().arg("--version").output().expect("runs");
    assert!(version.status.success());
    let about: serde_json::Value = serde_json::from_slice(&version.stdout).expect("JSON");
    assert_eq!(about["name"], "probe");
    std::io::stdout().flush().expect("flushed");
}
