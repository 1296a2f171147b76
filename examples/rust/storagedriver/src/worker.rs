//! The loop of one worker channel: it answers calls, one after another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::channel::{Channel, Failure};
use crate::error::{Error, Result};
use crate::incoming::Stop;
use crate::message::{Message, Request, Response};
use crate::methods::{Served, run};
use crate::uploads::lock;
use crate::value::{Map, Value};
use crate::wire_errors::error_to_wire;

/// What a worker is doing, for Ping.
#[derive(Default)]
pub struct Activity {
    call: Mutex<Option<Busy>>,
}

struct Busy {
    id: u32,
    method: String,
    since: Instant,
    moved_bytes: Arc<AtomicU64>,
}

impl Activity {
    /// What Ping tells of the worker; None while it is idle.
    pub fn report(&self, channel: u64) -> Option<Value> {
        let call = lock(&self.call);
        let busy = call.as_ref()?;
        let milliseconds = u64::try_from(busy.since.elapsed().as_millis()).unwrap_or(0);
        Some(Value::Map(Map::from([
            ("channel", channel.into()),
            ("id", busy.id.into()),
            ("method", busy.method.as_str().into()),
            ("busy_ms", milliseconds.into()),
            ("moved_bytes", busy.moved_bytes.load(Ordering::Relaxed).into()),
        ])))
    }
}

/// Answer calls until the host closes the channel, is gone, or has broken the protocol.
pub fn work(served: &Served, channel: &mut Channel, activity: &Activity) {
    if let Err(Stop::Breach(error)) = answer_all(served, channel, activity) {
        refuse(channel, &error);
    }
}

/// The last message to a host that broke the protocol.
pub fn refuse(channel: &mut Channel, error: &Error) {
    log::warn!("a channel is closed: {error}");
    let id = channel.session.id;
    channel.farewell(Message::Response(failed(id, error, "")));
}

/// The response that tells an error.
pub fn failed(id: u32, error: &Error, driver: &str) -> Response {
    Response { id, error: Some(error_to_wire(error, driver)), result: None, content: None }
}

fn answer_all(served: &Served, channel: &mut Channel, activity: &Activity) -> Result<(), Stop> {
    loop {
        match channel.receive()? {
            Message::Request(request) => {
                *lock(&activity.call) = Some(Busy {
                    id: request.id,
                    method: request.method.clone(),
                    since: Instant::now(),
                    moved_bytes: Arc::clone(&channel.moved_bytes),
                });
                let response = respond(served, channel, request);
                *lock(&activity.call) = None;
                channel.send(Message::Response(response?)).map_err(|failure| match failure {
                    // What the driver made up does not fit a message.
                    Failure::Mistake(error) => Stop::Breach(error),
                    other => other.into(),
                })?;
            }
            Message::Close => return Ok(()),
            _ => {}
        }
    }
}

fn respond(served: &Served, channel: &mut Channel, request: Request) -> Result<Response, Stop> {
    let (id, method) = (request.id, request.method.clone());
    let called = catch_unwind(AssertUnwindSafe(|| run(served, channel, request)));
    let name = served.driver.name();
    match called {
        Ok(Err(Stop::Failed(error))) => Ok(failed(id, &error, name)),
        Ok(other) => other,
        Err(panic) => {
            let error = Error::internal(format!("{method} panicked: {}", text_of(&*panic)));
            Ok(failed(id, &error, name))
        }
    }
}

/// What a panic says. The panic itself has been logged by its hook.
pub fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text")
}
