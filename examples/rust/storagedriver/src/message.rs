//! The nine kinds of messages, and their headers. See section 3 of the protocol.

use std::ops::Deref;

use crate::decode::decode_array;
use crate::error::{Error, Result};
use crate::header::{Elements, kind_of};
use crate::limits::{INLINE_CONTENT_BYTES, MAX_HEADER_BYTES};
use crate::value::{Map, Value};

/// The bytes of a piece of content, wherever they came from; never empty in a message.
pub enum Content {
    /// In memory of our own.
    Owned(Vec<u8>),
    /// In a frame of ZeroMQ, as it came.
    Frame(zmq::Message),
}

impl Content {
    /// The same bytes in memory of our own; a copy only of a frame.
    pub fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Frame(frame) => frame.to_vec(),
        }
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Frame(frame) => frame,
        }
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} bytes", self.len())
    }
}

/// The kinds, with the numbers that they have on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The protocol says what each is.
pub enum Kind {
    Request = 0,
    Response = 1,
    Chunk = 2,
    Credit = 3,
    End = 4,
    Cancel = 5,
    Attach = 6,
    Start = 7,
    Close = 8,
}

/// One message.
#[derive(Debug)]
#[allow(missing_docs)] // The protocol says what each element is.
pub enum Message {
    Request(Request),
    Response(Response),
    Chunk { id: u32, content: Content },
    Credit { id: u32, bytes: u64 },
    End { id: u32, content: Option<Content> },
    Cancel { id: u32 },
    Attach { token: String, version: String, pid: u32 },
    Start { id: u32, info: Map },
    Close,
}

/// What begins a call.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Request {
    pub id: u32,
    pub method: String,
    pub params: Map,
    pub content: Option<Content>,
}

/// What ends a call.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Response {
    pub id: u32,
    pub error: Option<Map>,
    pub result: Option<Map>,
    pub content: Option<Content>,
}

impl Message {
    /// Which kind it is of.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Request(_) => Kind::Request,
            Self::Response(_) => Kind::Response,
            Self::Chunk { .. } => Kind::Chunk,
            Self::Credit { .. } => Kind::Credit,
            Self::End { .. } => Kind::End,
            Self::Cancel { .. } => Kind::Cancel,
            Self::Attach { .. } => Kind::Attach,
            Self::Start { .. } => Kind::Start,
            Self::Close => Kind::Close,
        }
    }

    /// The header, and the second frame if the content is too long to ride in the header.
    pub fn encode(self) -> Result<(Vec<u8>, Option<Content>)> {
        let kind = self.kind();
        let number = Value::from(kind as u32);
        let (mut elements, content) = match self {
            Self::Request(Request { id, method, params, content }) => {
                (vec![number, id.into(), method.into(), Value::Map(params)], content)
            }
            Self::Response(Response { id, error, result, content }) => {
                let map = |map: Option<Map>| map.map_or(Value::Nil, Value::Map);
                (vec![number, id.into(), map(error), map(result)], content)
            }
            Self::Chunk { id, content } => (vec![number, id.into()], Some(content)),
            Self::Credit { id, bytes } => (vec![number, id.into(), bytes.into()], None),
            Self::End { id, content } => (vec![number, id.into()], content),
            Self::Cancel { id } => (vec![number, id.into()], None),
            Self::Attach { token, version, pid } => {
                (vec![number, token.into(), version.into(), pid.into()], None)
            }
            Self::Start { id, info } => (vec![number, id.into(), Value::Map(info)], None),
            Self::Close => (vec![number], None),
        };
        let frame = match content {
            Some(content) if content.is_empty() => None,
            Some(content) if content.len() <= INLINE_CONTENT_BYTES => {
                elements.push(Value::Binary(content.into_vec()));
                None
            }
            other => other,
        };
        let mut header = Vec::with_capacity(64);
        Value::Array(elements).encode(&mut header);
        if header.len() > MAX_HEADER_BYTES {
            let detail = format!("{kind:?} would have a header of {} bytes", header.len());
            return Err(Error::protocol(detail));
        }
        Ok((header, frame))
    }

    /// The message of a header and of the second frame, if there was one.
    pub fn decode(header: &[u8], frame: Option<Content>) -> Result<Self> {
        if header.len() > MAX_HEADER_BYTES {
            return Err(Error::protocol(format!("a header of {} bytes", header.len())));
        }
        let elements = decode_array(header)?;
        let kind = elements.first().and_then(Value::integer).and_then(kind_of);
        let Some(kind) = kind else {
            return Err(Error::protocol("a header must begin with the number of a kind"));
        };
        Elements::new(kind, elements)?.message(frame)
    }
}
