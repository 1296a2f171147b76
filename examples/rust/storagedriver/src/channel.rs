//! One channel: a ZeroMQ socket with its peer, and the session that speaks over it.
//!
//! A channel belongs to one thread. What it adds to the socket, which hides the end of its peer:
//! every wait ends when the peer disconnects. What has arrived before that still counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use zmq::{DONTWAIT, POLLIN, POLLOUT, PollEvents, SNDMORE, Socket, SocketType};

use crate::error::Error;
use crate::limits::{HIGH_WATER_MARK, MAX_HEADER_BYTES};
use crate::message::{Content, Message};
use crate::monitor::Monitor;
use crate::session::Session;
use crate::states::State;

/// The host is on the same machine and waits: if it does not answer in this time it is not there.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// What was sent last has this long to leave after the socket is closed.
const LINGER_MILLISECONDS: i32 = 500;
/// A peer that accepts and does not greet is given up after this long.
const HANDSHAKE_MILLISECONDS: i32 = 2_000;
/// Why nothing more can be done on a channel.
#[derive(Debug)]
pub enum Failure {
    /// The peer is gone.
    Lost,
    /// The peer broke the protocol; the session is closed.
    Breach(Error),
    /// This end was about to break it.
    Mistake(Error),
}

/// A connected socket and its session.
pub struct Channel {
    /// The state of the protocol.
    pub session: Session,
    /// Content of the current call, for whoever wants to know from another thread.
    pub moved_bytes: Arc<AtomicU64>,
    // None only while it is dropped.
    socket: Option<Socket>,
    monitor: Monitor,
}

impl Channel {
    /// Connect to a channel that the host has bound, and wait until it is there.
    pub fn connect(endpoint: &str, session: Session) -> Result<Self, Failure> {
        let mut channel = Self::open(endpoint, session).map_err(|error| {
            log::warn!("a channel cannot be opened: {error}");
            Failure::Lost
        })?;
        let deadline = Instant::now() + CONNECT_TIME;
        while !channel.monitor.has_peer {
            let left = deadline.saturating_duration_since(Instant::now());
            if channel.monitor.is_lost || left.is_zero() {
                return Err(Failure::Lost);
            }
            channel.monitor.wait(left);
        }
        Ok(channel)
    }

    fn open(endpoint: &str, session: Session) -> zmq::Result<Self> {
        let socket = context().socket(SocketType::PAIR)?;
        socket.set_linger(0)?;
        // A connect that finds nobody then fails for good, and a lost peer is not sought again.
        socket.set_reconnect_ivl(-1)?;
        socket.set_sndhwm(HIGH_WATER_MARK)?;
        socket.set_rcvhwm(HIGH_WATER_MARK)?;
        let longest = session.max_chunk_bytes.max(MAX_HEADER_BYTES as u64);
        socket.set_maxmsgsize(i64::try_from(longest).unwrap_or(i64::MAX))?;
        socket.set_handshake_ivl(HANDSHAKE_MILLISECONDS)?;
        let monitor = Monitor::watch(context(), &socket)?;
        let channel = Self { session, moved_bytes: Arc::default(), socket: Some(socket), monitor };
        channel.socket().connect(endpoint)?;
        Ok(channel)
    }

    fn socket(&self) -> &Socket {
        self.socket.as_ref().expect("the socket is there until the channel is dropped")
    }

    /// Send one message.
    pub fn send(&mut self, message: Message) -> Result<(), Failure> {
        if self.monitor.is_lost {
            return Err(Failure::Lost);
        }
        self.session.send(&message).map_err(Failure::Mistake)?;
        self.tell_moved();
        let (header, content) = message.encode().map_err(Failure::Mistake)?;
        self.send_frames(header, content)
    }

    /// Send one last message, whatever the session says, if there is room for it now.
    pub fn farewell(&mut self, message: Message) {
        if let Ok((header, None)) = message.encode() {
            // Nobody is left to tell if it cannot be sent.
            let _ = self.socket().set_linger(LINGER_MILLISECONDS);
            let _ = self.socket().send(header, DONTWAIT);
        }
    }

    fn send_frames(&mut self, header: Vec<u8>, content: Option<Content>) -> Result<(), Failure> {
        let more = if content.is_some() { SNDMORE } else { 0 };
        loop {
            match self.socket().send(header.as_slice(), DONTWAIT | more) {
                Ok(()) => break,
                Err(zmq::Error::EAGAIN) => self.wait_sendable()?,
                Err(zmq::Error::EINTR) => {}
                Err(error) => return Err(self.broken(error)),
            }
        }
        let Some(content) = content else {
            return Ok(());
        };
        let frame = match content {
            Content::Owned(bytes) => zmq::Message::from(bytes),
            Content::Frame(frame) => frame,
        };
        // There was room for the whole message; if there is none now, the peer is missing.
        self.socket().send(frame, DONTWAIT).map_err(|error| self.broken(error))
    }

    fn broken(&self, error: zmq::Error) -> Failure {
        log::debug!("a channel is lost: {error}");
        Failure::Lost
    }

    /// Wait for the next message that is to be acted on.
    pub fn receive(&mut self) -> Result<Message, Failure> {
        loop {
            self.wait_receivable()?;
            if let Some(message) = self.take()? {
                return Ok(message);
            }
        }
    }

    /// The next message that is to be acted on, if it is here already. That the peer is gone is
    /// left to the next `receive` or `send`.
    pub fn receive_now(&mut self) -> Result<Option<Message>, Failure> {
        while self.is_readable() {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    fn is_readable(&self) -> bool {
        self.socket().get_events().is_ok_and(|events| events.contains(POLLIN))
    }

    fn wait_receivable(&mut self) -> Result<(), Failure> {
        loop {
            if self.is_readable() {
                return Ok(());
            }
            if self.monitor.is_lost {
                return Err(Failure::Lost);
            }
            self.poll(POLLIN)?;
        }
    }

    fn wait_sendable(&mut self) -> Result<(), Failure> {
        if self.monitor.is_lost {
            return Err(Failure::Lost);
        }
        self.poll(POLLOUT)
    }

    /// Wait for the socket or for news of its peer.
    fn poll(&mut self, events: PollEvents) -> Result<(), Failure> {
        let mut items = [self.socket().as_poll_item(events), self.monitor.as_poll_item()];
        match zmq::poll(&mut items, -1) {
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(self.broken(error)),
        }
        if items[1].is_readable() {
            self.monitor.read();
        }
        Ok(())
    }

    fn take(&mut self) -> Result<Option<Message>, Failure> {
        let header = self.frame()?;
        let mut content = None;
        if header.get_more() {
            let frame = self.frame()?;
            let mut more = frame.get_more();
            content = Some(Content::Frame(frame));
            if more {
                while more {
                    more = self.frame()?.get_more();
                }
                self.session.state = State::Closed;
                return Err(Failure::Breach(Error::protocol("more than two frames")));
            }
        }
        let message = Message::decode(&header, content).map_err(|error| {
            self.session.state = State::Closed;
            Failure::Breach(error)
        })?;
        let message = self.session.receive(message).map_err(Failure::Breach)?;
        self.tell_moved();
        Ok(message)
    }

    fn tell_moved(&self) {
        self.moved_bytes.store(self.session.moved_bytes, Ordering::Relaxed);
    }

    fn frame(&self) -> Result<zmq::Message, Failure> {
        self.socket().recv_msg(DONTWAIT).map_err(|error| self.broken(error))
    }
}

impl Drop for Channel {
    /// Close the socket, and only then its monitor: ZeroMQ's own thread, which serves all channels,
    /// would wait for ever for somebody to take the last event.
    fn drop(&mut self) {
        drop(self.socket.take());
        self.monitor.wait_for_end();
    }
}

/// The context of this process: one for all channels, as each costs two threads.
fn context() -> &'static zmq::Context {
    static CONTEXT: OnceLock<zmq::Context> = OnceLock::new();
    CONTEXT.get_or_init(zmq::Context::new)
}
