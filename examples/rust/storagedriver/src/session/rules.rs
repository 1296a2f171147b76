//! What each kind of message must keep to beyond the table of states: ids, credit and counts.

use crate::calls::{self, Direction};
use crate::error::{Error, Result};
use crate::limits::MAX_CREDIT_BYTES;
use crate::message::{Kind, Request, Response};
use crate::states::State;
use crate::value::Map;

use super::{Role, Session};

impl Session {
    pub(super) fn begin(&mut self, request: &Request) -> Result<State> {
        if request.id == self.id {
            return Err(Error::protocol(format!("REQUEST repeats the id {}", request.id)));
        }
        // Before anything else is looked at: a refusal of the rest carries it.
        self.id = request.id;
        if !self.role.takes(&request.method) {
            return Err(Error::protocol(format!("no call for a {:?} channel", self.role)));
        }
        self.method.clone_from(&request.method);
        (self.credit_bytes, self.moved_bytes, self.consumed_bytes) = (0, 0, 0);
        (self.ended, self.started_size) = (true, None);
        let call = calls::find(&request.method);
        self.direction = call.map_or(Direction::None, |call| call.direction);
        self.offset = request.params.count("offset").unwrap_or(0);
        let length = request.content.as_ref().map_or(0, |content| content.len());
        if self.direction == Direction::Sent {
            self.window_bytes = self.write_credit_bytes;
            self.credit_bytes = self.window_bytes;
            self.take_from_credit(length)?;
            self.ended = request.params.flag("end");
            return Ok(if self.ended { State::Waiting } else { State::Sending });
        }
        // Of a call that is not known it is not known whether it sends.
        if length > 0 && call.is_some() {
            return Err(Error::protocol(format!("{} takes no content", request.method)));
        }
        if self.direction == Direction::None {
            return Ok(State::Waiting);
        }
        self.window_bytes = request.params.count("credit").unwrap_or(0);
        self.credit_bytes = self.window_bytes;
        if self.window_bytes > MAX_CREDIT_BYTES {
            return Err(Error::protocol("credit overflow"));
        }
        Ok(State::Opening)
    }

    pub(super) fn finish(&mut self, response: &Response) -> Result<()> {
        self.check_id(response.id, Kind::Response)?;
        if let Some(error) = &response.error {
            let has_code = error.text("code").is_some();
            return has_code.then_some(()).ok_or_else(|| Error::protocol("an error has no code"));
        }
        if let Some(content) = &response.content {
            if self.direction != Direction::Received {
                return Err(Error::protocol("this response has no content"));
            }
            self.take_from_credit(content.len())?;
        }
        if !self.ended {
            return Err(Error::protocol("a success before its END"));
        }
        let empty = Map::default();
        let result = response.result.as_ref().unwrap_or(&empty);
        self.check_count(result)?;
        if self.method == "Hello" {
            self.adopt(result)?;
        }
        Ok(())
    }

    fn check_count(&self, result: &Map) -> Result<()> {
        let Some(call) = calls::find(&self.method) else {
            return Err(Error::protocol("a success of a method that is not known"));
        };
        let Some(key) = call.count_key else {
            return Ok(());
        };
        let Some(counted) = result.count(key) else {
            return Err(Error::protocol(format!("{key} is missing")));
        };
        if self.started_size.is_some_and(|size| size != counted) {
            return Err(Error::protocol("the size is another than that of START"));
        }
        let expected = match self.direction {
            Direction::Received => Some(counted.saturating_sub(self.offset)),
            _ if call.counts_from_offset => counted.checked_sub(self.offset),
            _ => Some(counted),
        };
        if expected != Some(self.moved_bytes) {
            let detail = format!("{key} is {counted}, and {} bytes have passed", self.moved_bytes);
            return Err(Error::protocol(detail));
        }
        Ok(())
    }

    /// Take over what Hello has agreed on.
    fn adopt(&mut self, result: &Map) -> Result<()> {
        let max_chunk = result.count("max_chunk").unwrap_or(0);
        let write_credit = result.count("write_credit").unwrap_or(0);
        if max_chunk == 0 || write_credit < max_chunk {
            return Err(Error::protocol("write_credit is less than max_chunk"));
        }
        self.max_chunk_bytes = self.max_chunk_bytes.min(max_chunk);
        self.write_credit_bytes = write_credit;
        let has_workers = result.count("max_channels") != Some(0);
        self.role = if has_workers { Role::Control } else { Role::Only };
        Ok(())
    }

    pub(super) fn check_id(&self, id: u32, kind: Kind) -> Result<()> {
        if id != self.id {
            let detail = format!("{kind:?} for call {id}, the call is {}", self.id);
            return Err(Error::protocol(detail));
        }
        Ok(())
    }

    /// Count content, unless it has crossed the RESPONSE of its call.
    pub(super) fn pass(&mut self, length: usize) -> Result<()> {
        if self.state == State::Idle { Ok(()) } else { self.take_from_credit(length) }
    }

    fn take_from_credit(&mut self, length: usize) -> Result<()> {
        let length = length as u64;
        if length > self.max_chunk_bytes {
            return Err(Error::protocol(format!("{length} bytes in one message")));
        }
        let Some(left) = self.credit_bytes.checked_sub(length) else {
            let credit = self.credit_bytes;
            return Err(Error::protocol(format!("{length} bytes with a credit of {credit}")));
        };
        self.credit_bytes = left;
        self.moved_bytes += length;
        Ok(())
    }

    /// Here, as a peer that sends for ever never comes to its count.
    pub(super) fn check_within_size(&self) -> Result<()> {
        let sent = self.offset.saturating_add(self.moved_bytes);
        match self.started_size {
            Some(size) if self.state != State::Idle && sent > size => {
                Err(Error::protocol(format!("more than the {size} bytes of its START")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn grant(&mut self, bytes: u64) -> Result<()> {
        if self.state != State::Idle {
            self.credit_bytes = self.credit_bytes.saturating_add(bytes);
            if self.credit_bytes > MAX_CREDIT_BYTES {
                return Err(Error::protocol("credit overflow"));
            }
        }
        Ok(())
    }
}
