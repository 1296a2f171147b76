//! The content of a read and the entries of a listing, sent as far as credit goes.

use std::time::{Duration, Instant};

use crate::channel::Channel;
use crate::driver::ReadStream;
use crate::error::{Error, Result};
use crate::incoming::{Stop, check_stop};
use crate::limits::MIN_CHUNK_BYTES;
use crate::message::{Content, Message, Response};
use crate::value::{Map, Value};

/// A listing is sent on when this much of it is there: messages then cost little.
const LISTING_BYTES: usize = 64 * 1024;
/// Or this long after its last part: a slow backend then shows progress.
const LISTING_TIME: Duration = Duration::from_millis(500);

/// A success without content.
pub fn success(id: u32, result: Map) -> Response {
    Response { id, error: None, result: Some(result), content: None }
}

fn content_of(bytes: Vec<u8>) -> Option<Content> {
    if bytes.is_empty() { None } else { Some(Content::Owned(bytes)) }
}

/// Sends START before the first chunk, and not at all if there is none.
struct Outgoing<'a> {
    channel: &'a mut Channel,
    start: Option<Map>,
}

impl Outgoing<'_> {
    fn start(&mut self) -> Result<(), Stop> {
        if let Some(info) = self.start.take() {
            let id = self.channel.session.id;
            self.channel.send(Message::Start { id, info })?;
        }
        Ok(())
    }

    fn send(&mut self, bytes: Vec<u8>) -> Result<(), Stop> {
        self.start()?;
        let id = self.channel.session.id;
        self.channel.send(Message::Chunk { id, content: Content::Owned(bytes) })?;
        check_stop(self.channel.receive_now()?.as_ref())
    }

    /// Return when so much may be sent. The host grants more for what it has seen, so START goes.
    fn wait_for(&mut self, bytes: usize) -> Result<(), Stop> {
        while self.channel.session.sendable_bytes() < bytes {
            self.start()?;
            check_stop(Some(&self.channel.receive()?))?;
        }
        Ok(())
    }
}

/// Send the content of `stream`; return the response, which carries the last piece.
///
/// Content that ends before the size that it had at the opening is ContentChanged.
pub fn send_stream(
    channel: &mut Channel,
    stream: &mut dyn ReadStream,
    path: &str,
    offset: u64,
) -> Result<Response, Stop> {
    let (size, version) = (stream.size(), Value::Binary(stream.version().to_vec()));
    let info = Map::from([("size", size.into()), ("version", version.clone())]);
    let mut out = Outgoing { channel, start: Some(info) };
    let mut left = size.map(|size| size.saturating_sub(offset));
    let mut piece = Vec::new();
    while left != Some(0) {
        out.wait_for(1)?;
        piece = next_piece(stream, out.channel.session.sendable_bytes(), left)?;
        left = left.map(|left| left.saturating_sub(piece.len() as u64));
        if left == Some(0) || piece.is_empty() {
            break;
        }
        out.send(std::mem::take(&mut piece))?;
    }
    if let Some(left) = left.filter(|left| *left > 0) {
        let reason = format!("it ends {left} bytes before the size it had");
        return Err(Error::content_changed(path).with_reason(reason).into());
    }
    let session = &out.channel.session;
    let sent = session.moved_bytes + piece.len() as u64;
    let told = if sent == 0 { size.unwrap_or(offset) } else { offset + sent };
    let result = Map::from([("size", told.into()), ("version", version)]);
    Ok(Response { content: content_of(piece), ..success(session.id, result) })
}

/// The next piece of at most `limit` bytes: small reads are gathered. Empty at the end.
fn next_piece(stream: &mut dyn ReadStream, limit: usize, left: Option<u64>) -> Result<Vec<u8>> {
    let most = left.map_or(u64::MAX, |left| left);
    let limit = usize::try_from(most).unwrap_or(usize::MAX).min(limit);
    let mut piece = Vec::with_capacity(limit);
    while piece.len() < limit.min(MIN_CHUNK_BYTES) {
        let before = piece.len();
        stream.read(&mut piece, limit - before)?;
        if piece.len() == before {
            break;
        }
    }
    Ok(piece)
}

/// Send entries in batches of whole entries; return the response, which carries the last of them.
pub fn send_listing(
    channel: &mut Channel,
    entries: impl Iterator<Item = Result<Value>>,
) -> Result<Response, Stop> {
    let mut out = Outgoing { channel, start: Some(Map::default()) };
    let mut batch = Vec::new();
    let mut sent_at = Instant::now();
    let mut count = 0_u64;
    for entry in entries {
        let entry = entry?;
        let whole = batch.len();
        entry.encode(&mut batch);
        count += 1;
        let limit = LISTING_BYTES.min(out.channel.session.sendable_bytes());
        if whole > 0 && batch.len() > limit {
            let rest = batch.split_off(whole);
            out.wait_for(whole)?;
            out.send(std::mem::replace(&mut batch, rest))?;
            sent_at = Instant::now();
        } else if sent_at.elapsed() > LISTING_TIME {
            out.wait_for(batch.len())?;
            out.send(std::mem::take(&mut batch))?;
            sent_at = Instant::now();
        }
    }
    out.wait_for(batch.len())?;
    let id = out.channel.session.id;
    let result = Map::from([("count", count.into())]);
    Ok(Response { content: content_of(batch), ..success(id, result) })
}
