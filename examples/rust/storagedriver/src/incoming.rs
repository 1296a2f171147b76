//! The content of a write, as the reader that a driver is given.

use crate::channel::{Channel, Failure};
use crate::driver::Reader;
use crate::error::{Error, Result};
use crate::message::{Content, Message, Request};

/// Why a call ends without a success.
#[derive(Debug)]
pub enum Stop {
    /// The host is to be told.
    Failed(Error),
    /// The host has closed the channel, or is gone: nothing is to be answered.
    HungUp,
    /// The protocol was broken: the channel ends with this.
    Breach(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Lost => Self::HungUp,
            Failure::Breach(error) | Failure::Mistake(error) => Self::Breach(error),
        }
    }
}

/// What a message means to a call that is running; credit, or none, means nothing.
pub fn check_stop(message: Option<&Message>) -> Result<(), Stop> {
    match message {
        Some(Message::Cancel { .. }) => Err(Stop::Failed(Error::cancelled())),
        Some(Message::Close) => Err(Stop::HungUp),
        _ => Ok(()),
    }
}

/// The pieces of one write as they came.
pub struct Incoming<'a> {
    channel: &'a mut Channel,
    first: Option<Content>,
    at_end: bool,
    stop: Option<Stop>,
}

impl<'a> Incoming<'a> {
    /// That of a request, whose own content is the first piece.
    pub fn new(channel: &'a mut Channel, request: &mut Request) -> Self {
        let at_end = request.params.flag("end");
        Self { channel, first: request.content.take(), at_end, stop: None }
    }

    /// What the call has come to, where the driver's own word is `result`.
    ///
    /// A driver that hides that the host has stopped it must not look like a success.
    pub fn end<T>(mut self, result: Result<T>) -> Result<T, Stop> {
        if result.is_ok() && self.stop.is_none() && !matches!(self.next_piece(), Ok(None)) {
            let error = Error::internal("The driver stopped reading before the end");
            self.stop.get_or_insert(Stop::Failed(error));
        }
        match (self.stop, result) {
            (None, result) => result.map_err(Stop::Failed),
            (Some(Stop::Failed(_)), Err(error)) => Err(Stop::Failed(error)),
            (Some(stop), _) => Err(stop),
        }
    }

    /// Bytes of this call so far.
    pub fn moved_bytes(&self) -> u64 {
        self.channel.session.moved_bytes
    }

    fn receive(&mut self) -> Result<Option<Content>, Stop> {
        while !self.at_end {
            let message = self.channel.receive()?;
            check_stop(Some(&message))?;
            match message {
                Message::Chunk { content, .. } => return Ok(Some(content)),
                Message::End { content, .. } => {
                    self.at_end = true;
                    return Ok(content);
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn take(&mut self) -> Result<Option<Content>, Stop> {
        let piece = match self.first.take() {
            Some(piece) => Some(piece),
            None => self.receive()?,
        };
        if let Some(piece) = &piece {
            let grant = self.channel.session.consume(piece.len() as u64);
            if let Some(grant) = grant {
                self.channel.send(grant)?;
            }
        }
        Ok(piece)
    }
}

impl Reader for Incoming<'_> {
    fn next_piece(&mut self) -> Result<Option<Content>> {
        // Nothing more comes, even for a driver that goes on.
        if self.stop.is_some() {
            return Err(Error::cancelled());
        }
        self.take().map_err(|stop| {
            let told = match &stop {
                Stop::Failed(error) => error.clone(),
                Stop::HungUp | Stop::Breach(_) => Error::cancelled(),
            };
            self.stop = Some(stop);
            told
        })
    }
}
