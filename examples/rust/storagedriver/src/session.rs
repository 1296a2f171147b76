//! The protocol as seen by one end of one channel: a pure state machine, without a socket.
//!
//! Messages go in; it says whether each is allowed, and keeps the account of credit and counts.

mod rules;

use crate::calls::{self, Direction};
use crate::error::{Error, Result};
use crate::limits::{CREDIT_STEP_DIVISOR, CREDIT_WINDOW_CHUNKS, MAX_CHUNK_BYTES};
use crate::message::{Kind, Message, Request, Response};
use crate::states::{Side, State, after};

/// Which calls a channel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A control channel before Hello has succeeded.
    New,
    /// A control channel beside worker channels.
    Control,
    /// A worker channel.
    Worker,
    /// The control channel of a driver without workers: it takes all calls.
    Only,
}

impl Role {
    /// Unknown methods are a worker's: they are to be answered.
    fn takes(self, method: &str) -> bool {
        let is_control = matches!(method, "OpenChannel" | "Ping" | "Shutdown");
        match self {
            Self::New => method == "Hello",
            Self::Control => is_control,
            Self::Worker => !is_control && method != "Hello",
            Self::Only => method != "OpenChannel" && method != "Hello",
        }
    }
}

/// One end of one channel.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Session {
    pub side: Side,
    pub role: Role,
    pub state: State,
    pub max_chunk_bytes: u64,
    pub write_credit_bytes: u64,
    /// Of the current call, or of the last one.
    pub id: u32,
    pub method: String,
    /// How much content its sender may still send, as far as this end knows.
    pub credit_bytes: u64,
    /// Content of the current call that has passed this end.
    pub moved_bytes: u64,
    direction: Direction,
    ended: bool,
    offset: u64,
    started_size: Option<u64>,
    consumed_bytes: u64,
    window_bytes: u64,
}

impl Session {
    /// A channel that has just connected.
    pub fn new(side: Side, role: Role) -> Self {
        Self {
            side,
            role,
            state: State::Attaching,
            max_chunk_bytes: MAX_CHUNK_BYTES,
            write_credit_bytes: MAX_CHUNK_BYTES * CREDIT_WINDOW_CHUNKS,
            id: 0,
            method: String::new(),
            credit_bytes: 0,
            moved_bytes: 0,
            direction: Direction::None,
            ended: true,
            offset: 0,
            started_size: None,
            consumed_bytes: 0,
            window_bytes: 0,
        }
    }

    /// A worker channel with what Hello has agreed on.
    pub fn worker(side: Side, max_chunk_bytes: u64, write_credit_bytes: u64) -> Self {
        Self { max_chunk_bytes, write_credit_bytes, ..Self::new(side, Role::Worker) }
    }

    /// Account for a message that this end is about to send. An error is a mistake of this end.
    pub fn send(&mut self, message: &Message) -> Result<()> {
        let sent = self.step(self.side, message);
        self.closed_by(sent)
    }

    /// Account for a message that has come; return it if it is to be acted on.
    ///
    /// A returned REQUEST, START or success has a checked map. An error is a breach by the peer.
    pub fn receive(&mut self, mut message: Message) -> Result<Option<Message>> {
        let (was, peer) = (self.state, self.side.peer());
        let kind = message.kind();
        // What is not allowed now is refused as that, whatever it says.
        if after(was, peer, kind).is_some() {
            let checked = self.check(&mut message);
            self.closed_by(checked)?;
        }
        let stepped = self.step(peer, &message);
        self.closed_by(stepped)?;
        let crossed = was == State::Idle && !matches!(kind, Kind::Request | Kind::Close);
        let late = was == State::Cancelling && !matches!(kind, Kind::Response | Kind::Close);
        // ATTACH is acted on; nothing of a host's that comes to an idle channel is, but a call.
        Ok((!crossed && !late).then_some(message))
    }

    /// Say that received content has been used up; return the grant to send, if one is due.
    pub fn consume(&mut self, bytes: u64) -> Option<Message> {
        self.consumed_bytes += bytes;
        if self.consumed_bytes * CREDIT_STEP_DIVISOR < self.window_bytes.max(1) {
            return None;
        }
        if !matches!(self.state, State::Opening | State::Receiving | State::Sending) {
            return None;
        }
        let bytes = std::mem::take(&mut self.consumed_bytes);
        Some(Message::Credit { id: self.id, bytes })
    }

    /// How much content may go into the next message.
    pub fn sendable_bytes(&self) -> usize {
        usize::try_from(self.credit_bytes.min(self.max_chunk_bytes)).unwrap_or(usize::MAX)
    }

    fn closed_by<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.state = State::Closed;
        }
        result
    }

    /// Check the parts whose shape depends on the method.
    fn check(&mut self, message: &mut Message) -> Result<()> {
        match message {
            Message::Request(Request { id, method, params, .. })
                if calls::find(method).is_some() =>
            {
                let checked = calls::check_params(method, std::mem::take(params));
                if checked.is_err() {
                    // The refusal carries it.
                    self.id = *id;
                }
                *params = checked?;
            }
            Message::Response(Response { error: None, result, .. }) => {
                *result =
                    Some(calls::check_result(&self.method, result.take().unwrap_or_default())?);
            }
            Message::Start { info, .. } => {
                *info = calls::check_info(&self.method, std::mem::take(info))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn step(&mut self, sender: Side, message: &Message) -> Result<()> {
        let kind = message.kind();
        let Some(mut following) = after(self.state, sender, kind) else {
            let detail = format!("{kind:?} is not allowed in state {:?}", self.state);
            return Err(Error::protocol(detail));
        };
        let flow = match kind {
            Kind::Start | Kind::Chunk => Direction::Received,
            Kind::Credit => Direction::Sent,
            _ => self.direction,
        };
        if sender == Side::Driver && flow != self.direction {
            return Err(Error::protocol(format!("{kind:?} has no place in this call")));
        }
        match message {
            Message::Request(request) => following = self.begin(request)?,
            Message::Response(response) => self.finish(response)?,
            Message::Start { id, info } => {
                self.check_id(*id, kind)?;
                self.started_size = info.count("size");
            }
            Message::Chunk { id, content } => {
                self.check_id(*id, kind)?;
                self.pass(content.len())?;
                self.check_within_size()?;
            }
            Message::End { id, content } => {
                self.check_id(*id, kind)?;
                self.pass(content.as_ref().map_or(0, |content| content.len()))?;
                self.ended |= self.state != State::Idle;
            }
            Message::Credit { id, bytes } => {
                self.check_id(*id, kind)?;
                self.grant(*bytes)?;
            }
            Message::Cancel { id } => self.check_id(*id, kind)?,
            Message::Attach { .. } | Message::Close => {}
        }
        self.state = following;
        Ok(())
    }
}
