//! The elements of a header, by the kind of message. See section 3.2 of the protocol.

use crate::error::{Error, Result};
use crate::limits::{MAX_CREDIT_BYTES, MAX_ID};
use crate::message::{Content, Kind, Message, Request, Response};
use crate::value::{Map, Value};

/// The kind of this number.
pub fn kind_of(number: i128) -> Option<Kind> {
    Some(match number {
        0 => Kind::Request,
        1 => Kind::Response,
        2 => Kind::Chunk,
        3 => Kind::Credit,
        4 => Kind::End,
        5 => Kind::Cancel,
        6 => Kind::Attach,
        7 => Kind::Start,
        8 => Kind::Close,
        _ => return None,
    })
}

/// The elements of a header of a known kind, taken one after another.
pub struct Elements {
    kind: Kind,
    place: usize,
    left: std::vec::IntoIter<Value>,
}

impl Elements {
    /// A header has at least what its kind needs.
    pub fn new(kind: Kind, elements: Vec<Value>) -> Result<Self> {
        let least = match kind {
            Kind::Request | Kind::Response | Kind::Attach => 4,
            Kind::Credit | Kind::Start => 3,
            Kind::Chunk | Kind::End | Kind::Cancel => 2,
            Kind::Close => 1,
        };
        if elements.len() < least {
            return Err(Error::protocol(format!("{kind:?}[{}] is missing", elements.len())));
        }
        let mut left = elements.into_iter();
        left.next();
        Ok(Self { kind, place: 0, left })
    }

    /// The message of this header and of the second frame, if there was one.
    pub fn message(mut self, frame: Option<Content>) -> Result<Message> {
        Ok(match self.kind {
            Kind::Request => Message::Request(Request {
                id: self.id()?,
                method: self.text()?,
                params: self.map()?,
                content: self.content(frame)?,
            }),
            Kind::Response => self.response(frame)?,
            Kind::Chunk => {
                let id = self.id()?;
                let Some(content) = self.content(frame)? else {
                    return Err(self.misfit("must have content"));
                };
                Message::Chunk { id, content }
            }
            Kind::End => Message::End { id: self.id()?, content: self.content(frame)? },
            Kind::Credit => {
                let id = self.id()?;
                let bytes = self.integer(1, MAX_CREDIT_BYTES)?;
                self.without(frame, Message::Credit { id, bytes })?
            }
            Kind::Cancel => {
                let id = self.id()?;
                self.without(frame, Message::Cancel { id })?
            }
            Kind::Attach => {
                let (token, version, pid) = (self.text()?, self.text()?, self.id()?);
                self.without(frame, Message::Attach { token, version, pid })?
            }
            Kind::Start => {
                let (id, info) = (self.id()?, self.map()?);
                self.without(frame, Message::Start { id, info })?
            }
            Kind::Close => self.without(frame, Message::Close)?,
        })
    }

    fn response(&mut self, frame: Option<Content>) -> Result<Message> {
        let (id, error, result) = (self.id()?, self.map_or_nil()?, self.map_or_nil()?);
        let content = self.content(frame)?;
        if error.is_some() && content.is_some() {
            return Err(self.misfit("an error has no content"));
        }
        Ok(Message::Response(Response { id, error, result, content }))
    }

    fn next(&mut self) -> Value {
        self.place += 1;
        self.left.next().unwrap_or(Value::Nil)
    }

    fn misfit(&self, what: &str) -> Error {
        Error::protocol(format!("{:?}[{}]: {what}", self.kind, self.place))
    }

    fn integer(&mut self, least: u64, most: u64) -> Result<u64> {
        let integer = self.next().integer().and_then(|integer| u64::try_from(integer).ok());
        let fitting = integer.filter(|integer| (least..=most).contains(integer));
        fitting.ok_or_else(|| self.misfit(&format!("an integer from {least} to {most}")))
    }

    fn id(&mut self) -> Result<u32> {
        self.integer(0, MAX_ID.into()).map(|id| id as u32)
    }

    fn text(&mut self) -> Result<String> {
        match self.next() {
            Value::Text(text) => Ok(text),
            _ => Err(self.misfit("a text")),
        }
    }

    fn map(&mut self) -> Result<Map> {
        self.map_or_nil()?.ok_or_else(|| self.misfit("a map"))
    }

    fn map_or_nil(&mut self) -> Result<Option<Map>> {
        match self.next() {
            Value::Nil => Ok(None),
            Value::Map(map) => Ok(Some(map)),
            _ => Err(self.misfit("a map")),
        }
    }

    fn content(&mut self, frame: Option<Content>) -> Result<Option<Content>> {
        let frame = frame.filter(|frame| !frame.is_empty());
        match self.next() {
            Value::Nil => Ok(frame),
            Value::Binary(bytes) if bytes.is_empty() => Ok(frame),
            Value::Binary(bytes) if frame.is_none() => Ok(Some(Content::Owned(bytes))),
            Value::Binary(_) => Err(self.misfit("content here and in a second frame")),
            _ => Err(self.misfit("content must be nil or binary")),
        }
    }

    fn without(&self, frame: Option<Content>, message: Message) -> Result<Message> {
        match frame {
            Some(frame) if !frame.is_empty() => {
                Err(Error::protocol(format!("{:?} has no content", self.kind)))
            }
            _ => Ok(message),
        }
    }
}
