//! A driver served to one host: the control channel, and a thread for each worker channel.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crate::channel::{Channel, Failure};
use crate::driver::{StorageDriver, feature};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{CREDIT_WINDOW_CHUNKS, MAX_CHANNELS, MAX_CHUNK_BYTES};
use crate::message::{Message, Request, Response};
use crate::methods::Served;
use crate::outgoing::success;
use crate::session::Session;
use crate::states::Side;
use crate::uploads::{OpenUploads, lock};
use crate::value::{Map, Value};
use crate::version::{CURRENT, Version};
use crate::worker::{Activity, failed, refuse, text_of, work};

/// For calls that still run at Shutdown: the host has waited for them already.
const LAST_CALLS_TIME: Duration = Duration::from_millis(500);

type MakeDriver = Box<dyn FnOnce() -> Result<Box<dyn StorageDriver>>>;

/// What the channels of a driver share.
pub struct Serving {
    name: String,
    token: String,
    endpoint: String,
    make_driver: Option<MakeDriver>,
    served: Option<Arc<Served>>,
    // By the numbers of their channels, which are free again when a thread is at its end.
    workers: Arc<Mutex<HashMap<u64, Arc<Activity>>>>,
    is_ending: Arc<AtomicBool>,
}

impl Serving {
    /// Made by `serve`. `is_ending` is set when the end is orderly and under way.
    pub fn new(
        name: &str,
        token: String,
        endpoint: String,
        is_ending: Arc<AtomicBool>,
        make_driver: MakeDriver,
    ) -> Self {
        Self {
            name: name.to_owned(),
            token,
            endpoint,
            make_driver: Some(make_driver),
            served: None,
            workers: Arc::default(),
            is_ending,
        }
    }

    /// Attach, and answer the control channel until Shutdown or a failed Hello.
    ///
    /// Returns the channel, whose last answer is still on its way; None if the host is gone.
    pub fn run(&mut self) -> Option<Channel> {
        let session = Session::new(Side::Driver, crate::session::Role::New);
        let mut control = attach(&self.endpoint, session, &self.token).ok()?;
        match self.answer_all(&mut control) {
            Ok(()) => {}
            Err(Failure::Lost) => return None,
            Err(Failure::Breach(error) | Failure::Mistake(error)) => {
                self.is_ending.store(true, Ordering::SeqCst);
                refuse(&mut control, &error);
            }
        }
        self.is_ending.store(true, Ordering::SeqCst);
        Some(control)
    }

    fn answer_all(&mut self, control: &mut Channel) -> Result<(), Failure> {
        loop {
            let request = match control.receive()? {
                Message::Request(request) => request,
                Message::Close => return Ok(()),
                _ => continue,
            };
            let response = self.respond(control, &request);
            if request.method == "Shutdown" {
                self.end_driver();
            }
            let is_last = request.method == "Shutdown" || self.served.is_none();
            // Before it is sent: the host ends the lifeline as soon as it has the last answer.
            self.is_ending.fetch_or(is_last, Ordering::SeqCst);
            control.send(Message::Response(response))?;
            if is_last {
                return Ok(());
            }
        }
    }

    fn respond(&mut self, control: &Channel, request: &Request) -> Response {
        let called = catch_unwind(AssertUnwindSafe(|| self.answer(control, request)));
        let result = called.unwrap_or_else(|panic| {
            let text = text_of(&*panic);
            Err(Error::internal(format!("{} panicked: {text}", request.method)))
        });
        match result {
            Ok(result) => success(request.id, result),
            Err(error) => failed(request.id, &error, &self.name),
        }
    }

    fn answer(&mut self, control: &Channel, request: &Request) -> Result<Map> {
        match request.method.as_str() {
            "Hello" => self.hello(&request.params),
            "OpenChannel" => self.open_channel(&control.session, &request.params),
            "Ping" => {
                let workers = lock(&self.workers);
                let reports = workers.iter().filter_map(|(number, worker)| worker.report(*number));
                Ok(Map::from([("workers", Value::Array(reports.collect()))]))
            }
            _ => Ok(Map::default()),
        }
    }

    fn hello(&mut self, params: &Map) -> Result<Map> {
        let told = params.text("version").unwrap_or_default();
        if Version::parse(told).is_some_and(|host| host.major != CURRENT.major) {
            return Err(Error::new(ErrorKind::IncompatibleVersion {
                host_version: told.to_owned(),
                driver_version: CURRENT.to_string(),
            }));
        }
        let max_chunk = MAX_CHUNK_BYTES.min(params.count("max_chunk").unwrap_or(MAX_CHUNK_BYTES));
        let make_driver = self.make_driver.take();
        let make_driver = make_driver.ok_or_else(|| Error::internal("Hello came twice"))?;
        let driver: Arc<dyn StorageDriver> = Arc::from(make_driver()?);
        let features = told_features(driver.features());
        let result = Map::from([
            ("version", CURRENT.to_string().into()),
            ("name", driver.name().into()),
            ("features", Value::Array(features.into_iter().map(Value::from).collect())),
            ("max_channels", MAX_CHANNELS.into()),
            ("write_credit", (max_chunk * CREDIT_WINDOW_CHUNKS).into()),
            ("max_chunk", max_chunk.into()),
        ]);
        let uploads = OpenUploads::new(Arc::clone(&driver));
        self.served = Some(Arc::new(Served { driver, uploads }));
        Ok(result)
    }

    fn open_channel(&mut self, agreed: &Session, params: &Map) -> Result<Map> {
        let number = params.count("channel").unwrap_or_default();
        let endpoint = params.text("endpoint").unwrap_or_default().to_owned();
        let Some(served) = self.served.clone() else {
            return Err(Error::internal("a channel was opened before Hello"));
        };
        let activity = Arc::new(Activity::default());
        {
            let mut workers = lock(&self.workers);
            if workers.len() >= MAX_CHANNELS {
                let limit = i64::try_from(MAX_CHANNELS).unwrap_or(i64::MAX);
                return Err(Error::new(ErrorKind::TooManyChannels { limit }));
            }
            if workers.contains_key(&number) {
                return Err(self.refused("channel", "it is in use"));
            }
            if machine(&endpoint) != machine(&self.endpoint) {
                // Whoever listens there would be shown the token.
                let reason = "it is not on the machine of the control channel";
                return Err(self.refused("endpoint", reason));
            }
            workers.insert(number, Arc::clone(&activity));
        }
        let (max_chunk, write_credit) = (agreed.max_chunk_bytes, agreed.write_credit_bytes);
        let session = Session::worker(Side::Driver, max_chunk, write_credit);
        let (token, workers) = (self.token.clone(), Arc::clone(&self.workers));
        let thread = move || {
            if let Ok(mut channel) = attach(&endpoint, session, &token) {
                work(&served, &mut channel, &activity);
            }
            lock(&workers).remove(&number);
        };
        let spawned = thread::Builder::new().name(format!("worker-{number}")).spawn(thread);
        spawned.map(|_| Map::default()).map_err(|error| {
            lock(&self.workers).remove(&number);
            Error::internal(format!("no thread for a channel: {error}"))
        })
    }

    fn refused(&self, parameter: &str, reason: &str) -> Error {
        Error::invalid_parameter(&self.name, parameter, reason)
    }

    fn end_driver(&mut self) {
        // The host has closed the worker channels; a call that still runs must not hold this up.
        let deadline = Instant::now() + LAST_CALLS_TIME;
        while Instant::now() < deadline && !lock(&self.workers).is_empty() {
            sleep(Duration::from_millis(2));
        }
        if let Some(served) = &self.served {
            served.uploads.close_all();
        }
    }
}

fn attach(endpoint: &str, session: Session, token: &str) -> Result<Channel, Failure> {
    let mut channel = Channel::connect(endpoint, session)?;
    let (token, version) = (token.to_owned(), CURRENT.to_string());
    channel.send(Message::Attach { token, version, pid: std::process::id() })?;
    Ok(channel)
}

/// The transport of an endpoint, and of tcp the host.
fn machine(endpoint: &str) -> &str {
    if endpoint.starts_with("ipc://") {
        return "ipc";
    }
    endpoint.rsplit_once(':').map_or(endpoint, |(host, _)| host)
}

/// What a driver has, and what this library adds.
pub fn told_features(features: &[&'static str]) -> Vec<&'static str> {
    let mut told = features.to_vec();
    told.push(feature::PING);
    told.sort_unstable();
    told.dedup();
    told
}
