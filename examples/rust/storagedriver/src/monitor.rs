//! The monitor of a socket: ZeroMQ does not tell the socket itself that its peer has gone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use zmq::{Context, DONTWAIT, POLLIN, PollItem, Socket, SocketEvent, SocketType};

/// How long the closed socket may take to say that its monitor has ended: longer than it lingers.
const CLOSE_TIME: Duration = Duration::from_secs(2);

const EVENTS: i32 = SocketEvent::HANDSHAKE_SUCCEEDED as i32
    | SocketEvent::DISCONNECTED as i32
    | SocketEvent::CLOSED as i32
    | SocketEvent::MONITOR_STOPPED as i32;

/// What is known of the peer of a socket that connects.
pub struct Monitor {
    events: Socket,
    /// It has been there.
    pub has_peer: bool,
    /// It is gone, or was never there, and is not sought again.
    pub is_lost: bool,
}

impl Monitor {
    /// Watch a socket that is not connected yet.
    pub fn watch(context: &Context, socket: &Socket) -> zmq::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let endpoint = format!("inproc://monitor-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        socket.monitor(&endpoint, EVENTS)?;
        let events = context.socket(SocketType::PAIR)?;
        // Without a limit: at the limit ZeroMQ's own thread would wait for this one.
        events.set_rcvhwm(0)?;
        events.connect(&endpoint)?;
        Ok(Self { events, has_peer: false, is_lost: false })
    }

    /// To wait for news together with something else.
    pub fn as_poll_item(&self) -> PollItem<'_> {
        self.events.as_poll_item(POLLIN)
    }

    /// Wait for news.
    pub fn wait(&mut self, time: Duration) {
        let milliseconds = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        // Rounded up: rounded down, the last millisecond would be a busy loop.
        let _ = self.events.poll(POLLIN, milliseconds.saturating_add(1));
        self.read();
    }

    /// Take the news that are here.
    pub fn read(&mut self) {
        while let Some(event) = self.next() {
            if event == SocketEvent::HANDSHAKE_SUCCEEDED as u16 {
                self.has_peer = true;
            } else {
                // Also CLOSED: nobody was there, and it is not tried again.
                self.is_lost = true;
            }
        }
    }

    /// Wait until the socket, which has been closed, is gone.
    pub fn wait_for_end(&self) {
        let deadline = Instant::now() + CLOSE_TIME;
        while Instant::now() < deadline {
            match self.events.poll(POLLIN, 100) {
                Ok(0) | Err(zmq::Error::EINTR) => continue,
                Ok(_) => {}
                Err(_) => return,
            }
            while let Some(event) = self.next() {
                if event == SocketEvent::MONITOR_STOPPED as u16 {
                    return;
                }
            }
        }
    }

    /// The number of the next event that is here. Its second frame is an address.
    fn next(&self) -> Option<u16> {
        let frames = self.events.recv_multipart(DONTWAIT).ok()?;
        let (number, _) = frames.first()?.split_first_chunk::<2>()?;
        Some(u16::from_ne_bytes(*number))
    }
}
