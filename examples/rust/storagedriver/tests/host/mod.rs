//! A small host, to play with a driver.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use storagedriver::message::{Content, Message, Request, Response};
use storagedriver::value::{Map, Value};
use zmq::{Context, Socket, SocketType};

/// The driver of `examples/probe.rs`, which cargo builds beside the tests.
pub fn program() -> Command {
    let mut place = std::env::current_exe().expect("a program");
    place.pop();
    place.pop();
    Command::new(place.join("examples").join("probe"))
}

/// The params of a Hello.
pub fn hello() -> Map {
    Map::from([
        ("version", "0.1".into()),
        ("features", Value::Array(Vec::new())),
        ("max_chunk", 65_536_u64.into()),
    ])
}

/// A driver's process, and where its channels connect to.
pub struct Host {
    driver: Child,
    directory: PathBuf,
    context: Context,
    control: Option<Socket>,
}

impl Host {
    pub fn start() -> Self {
        Self::start_with("{}")
    }

    pub fn start_with(parameters: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("storagedriver-test-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).expect("a directory");
        let context = Context::new();
        let control = listen(&context, &endpoint(&directory, "c"));
        let mut driver = program()
            .arg(parameters)
            .env("STORAGEDRIVER_ENDPOINT", endpoint(&directory, "c"))
            .stdin(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let input = driver.stdin.as_mut().expect("a pipe");
        input.write_all(b"{\"token\": \"t0ken\"}\n").expect("is read");
        Self { driver, directory, context, control: Some(control) }
    }

    pub fn accept_control(&mut self) -> Line {
        Line::accept(self.control.take().expect("once"))
    }

    pub fn open_channel(&self, control: &mut Line, number: u64) -> Line {
        let endpoint = endpoint(&self.directory, &number.to_string());
        let socket = listen(&self.context, &endpoint);
        let params = [("channel", number.into()), ("endpoint", endpoint.into())];
        assert!(control.call("OpenChannel", Map::from(params)).error.is_none());
        Line::accept(socket)
    }

    pub fn close_input(&mut self) {
        self.driver.stdin = None;
    }

    /// Close standard input, and return the exit status.
    pub fn wait(&mut self) -> Option<i32> {
        self.close_input();
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if let Some(status) = self.driver.try_wait().expect("a child") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.wait();
        let _ = self.driver.kill();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn endpoint(directory: &std::path::Path, name: &str) -> String {
    format!("ipc://{}/{name}", directory.display())
}

fn listen(context: &Context, endpoint: &str) -> Socket {
    let socket = context.socket(SocketType::PAIR).expect("a socket");
    socket.set_linger(0).expect("linger");
    socket.set_rcvtimeo(10_000).expect("a timeout");
    socket.bind(endpoint).expect("an endpoint");
    socket
}

/// A channel as the host sees it, without any rules.
pub struct Line {
    socket: Socket,
    id: u32,
}

impl Line {
    fn accept(socket: Socket) -> Self {
        let mut line = Self { socket, id: 0 };
        match line.receive() {
            Message::Attach { token, version, .. } => {
                assert_eq!((token.as_str(), version.as_str()), ("t0ken", "0.1"));
            }
            other => panic!("{other:?} instead of ATTACH"),
        }
        line
    }

    pub fn send_raw(&self, header: &[u8]) {
        self.socket.send(header, 0).expect("is sent");
    }

    pub fn send(&self, message: Message) {
        let (header, content) = message.encode().expect("a message");
        assert!(content.is_none());
        self.send_raw(&header);
    }

    pub fn begin(&mut self, method: &str, params: Map) -> u32 {
        self.id += 1;
        let method = method.to_owned();
        self.send(Message::Request(Request { id: self.id, method, params, content: None }));
        self.id
    }

    pub fn call(&mut self, method: &str, params: Map) -> Response {
        self.begin(method, params);
        self.response()
    }

    pub fn response(&mut self) -> Response {
        loop {
            if let Message::Response(response) = self.receive() {
                return response;
            }
        }
    }

    fn receive(&mut self) -> Message {
        let mut frames = self.socket.recv_multipart(0).expect("a message in time");
        let content = (frames.len() > 1).then(|| Content::Owned(frames.remove(1)));
        Message::decode(&frames[0], content).expect("a message")
    }
}
