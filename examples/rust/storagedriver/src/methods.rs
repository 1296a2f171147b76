//! One function for each method of a worker channel (section 9).

use crate::channel::Channel;
use crate::driver::{FileInfo, Reader, StorageDriver, UploadInfo, UrlOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::incoming::{Incoming, Stop};
use crate::message::{Request, Response};
use crate::outgoing::{send_listing, send_stream, success};
use crate::states::State;
use crate::types::Time;
use crate::uploads::OpenUploads;
use crate::value::{Map, Value};

/// How often a content is read that is cut again and again.
const GET_ATTEMPTS: usize = 10;

/// What all workers of a driver share.
pub struct Served {
    /// The driver itself.
    pub driver: std::sync::Arc<dyn StorageDriver>,
    /// Its uploads that are open.
    pub uploads: OpenUploads,
}

/// Run one call, and return the response of its success.
pub fn run(served: &Served, channel: &mut Channel, request: Request) -> Result<Response, Stop> {
    let Request { id, ref method, ref params, .. } = request;
    let driver = served.driver.as_ref();
    let path = params.text("path").unwrap_or_default();
    let upload_id = params.text("upload_id").unwrap_or_default();
    let none = |()| success(id, Map::default());
    match method.as_str() {
        "GetContent" => get_content(driver, channel, params),
        "ReadStream" => read(driver, channel, params),
        "PutContent" => put_content(driver, channel, request),
        "WriteStream" => write_stream(driver, channel, request),
        "Stat" => Ok(success(id, stat_result(driver.stat(path)?))),
        "List" => list(driver, channel, params),
        "Walk" => {
            let start_after = params.text("start_after").unwrap_or_default();
            let entries = driver.walk(path, start_after)?;
            send_listing(channel, entries.map(|info| info.map(walk_entry)))
        }
        "Move" => {
            let (source, destination) = (params.text("source"), params.text("destination"));
            driver.rename(source.unwrap_or_default(), destination.unwrap_or_default())?;
            Ok(none(()))
        }
        "Delete" => Ok(driver.delete(path).map(none)?),
        "URLFor" => {
            let url = driver.url_for(path, &url_options(driver.name(), params)?)?;
            Ok(success(id, Map::from([("url", url.into())])))
        }
        "OpenUpload" => {
            let (upload_id, size) = served.uploads.open(path, params.text("upload_id"))?;
            let result = [("upload_id", upload_id.into()), ("size", size.into())];
            Ok(success(id, Map::from(result)))
        }
        "WriteUpload" => write_upload(served, channel, request),
        "CommitUpload" => {
            let (size, digest) = (params.count("size"), params.text("digest"));
            Ok(served.uploads.commit(upload_id, size, digest).map(none)?)
        }
        "CancelUpload" => Ok(served.uploads.cancel(upload_id).map(none)?),
        "CloseUpload" => Ok(served.uploads.close(upload_id).map(none)?),
        "ListUploads" => {
            let entries = driver.uploads(path)?;
            send_listing(channel, entries.map(|info| info.map(upload_entry)))
        }
        _ => Err(Error::unsupported(method).into()),
    }
}

/// A content that was cut between its opening and its reading is read anew, as long as nothing of it
/// was sent: to whoever wants it whole, that is only a little later.
fn get_content(
    driver: &dyn StorageDriver,
    channel: &mut Channel,
    params: &Map,
) -> Result<Response, Stop> {
    for _ in 1..GET_ATTEMPTS {
        match read(driver, channel, params) {
            Err(Stop::Failed(error))
                if matches!(error.kind(), ErrorKind::ContentChanged { .. })
                    && channel.session.state == State::Opening => {}
            other => return other,
        }
    }
    read(driver, channel, params)
}

fn read(driver: &dyn StorageDriver, channel: &mut Channel, params: &Map) -> Result<Response, Stop> {
    let path = params.text("path").unwrap_or_default();
    let offset = params.count("offset").unwrap_or(0);
    let mut stream = driver.read_stream(path, offset)?;
    let expected = params.binary("version");
    if !expected.is_empty() && stream.version() != expected {
        return Err(Error::content_changed(path).into());
    }
    send_stream(channel, stream.as_mut(), path, offset)
}

fn put_content(
    driver: &dyn StorageDriver,
    channel: &mut Channel,
    mut request: Request,
) -> Result<Response, Stop> {
    let mut content = Incoming::new(channel, &mut request);
    let path = request.params.text("path").unwrap_or_default();
    let result = driver.put_content(path, &mut content);
    let written = content.moved_bytes();
    content.end(result)?;
    Ok(success(request.id, Map::from([("written", written.into())])))
}

fn write_stream(
    driver: &dyn StorageDriver,
    channel: &mut Channel,
    mut request: Request,
) -> Result<Response, Stop> {
    let mut content = Incoming::new(channel, &mut request);
    let path = request.params.text("path").unwrap_or_default();
    let offset = request.params.count("offset").unwrap_or(0);
    let result = driver.write_stream(path, offset, &mut content).and_then(|written| {
        let moved = content.moved_bytes();
        let text = format!("The driver tells {written} bytes written, it was given {moved}");
        if written == moved { Ok(written) } else { Err(Error::internal(text)) }
    });
    let written = content.end(result).map_err(|stop| match stop {
        Stop::Failed(mut error) => {
            error.stored = error.stored.or_else(|| stored(driver, path));
            Stop::Failed(error)
        }
        other => other,
    })?;
    Ok(success(request.id, Map::from([("written", written.into())])))
}

/// The size of what is at the path, if that can be known.
fn stored(driver: &dyn StorageDriver, path: &str) -> Option<u64> {
    match driver.stat(path) {
        Ok(info) => (!info.is_dir).then_some(info.size),
        Err(error) => matches!(error.kind(), ErrorKind::PathNotFound { .. }).then_some(0),
    }
}

fn write_upload(
    served: &Served,
    channel: &mut Channel,
    mut request: Request,
) -> Result<Response, Stop> {
    let mut content = Incoming::new(channel, &mut request);
    let upload_id = request.params.text("upload_id").unwrap_or_default();
    let mut position = request.params.count("offset").unwrap_or(0);
    served.uploads.check(upload_id, position)?;
    let result = append_all(&served.uploads, upload_id, &mut position, &mut content);
    content.end(result).map_err(|stop| match stop {
        Stop::Failed(mut error) => {
            error.stored.get_or_insert(position);
            Stop::Failed(error)
        }
        other => other,
    })?;
    Ok(success(request.id, Map::from([("size", position.into())])))
}

fn append_all(
    uploads: &OpenUploads,
    upload_id: &str,
    position: &mut u64,
    content: &mut dyn Reader,
) -> Result<()> {
    // Also if there is nothing to write: only the driver knows whether that is still the end.
    let first = content.next_piece()?;
    *position = uploads.write(upload_id, *position, first.as_deref().unwrap_or_default())?;
    while let Some(piece) = content.next_piece()? {
        *position = uploads.write(upload_id, *position, &piece)?;
    }
    Ok(())
}

fn list(driver: &dyn StorageDriver, channel: &mut Channel, params: &Map) -> Result<Response, Stop> {
    let path = params.text("path").unwrap_or_default();
    let start_after = params.text("start_after").unwrap_or_default();
    let prefix = if path == "/" { "" } else { path };
    let names = driver.list(path)?.into_iter();
    let left = names.filter(|name| format!("{prefix}/{name}").as_str() > start_after);
    send_listing(channel, left.map(|name| Ok(Value::Array(vec![name.into()]))))
}

fn stat_result(info: FileInfo) -> Map {
    Map::from([
        ("path", info.path.into()),
        ("size", info.size.into()),
        ("mod_time", info.mod_time.into()),
        ("is_dir", info.is_dir.into()),
    ])
}

fn walk_entry(info: FileInfo) -> Value {
    Value::Array(vec![info.path.into(), info.size.into(), info.mod_time.into()])
}

fn upload_entry(info: UploadInfo) -> Value {
    let UploadInfo { upload_id, path, size, time } = info;
    Value::Array(vec![upload_id.into(), path.into(), size.into(), time.into()])
}

fn url_options(driver: &str, params: &Map) -> Result<UrlOptions> {
    let mut options = UrlOptions::default();
    let Some(Value::Map(given)) = params.get("options") else {
        return Ok(options);
    };
    for (name, value) in given.0.iter().filter(|(_, value)| *value != Value::Nil) {
        match (name.as_str(), value) {
            ("method", Value::Text(method)) => options.method = Some(method.clone()),
            ("expiry", time) => options.expiry = Time::from_value(time).ok(),
            _ => return Err(Error::invalid_parameter(driver, name, "unknown option")),
        }
    }
    Ok(options)
}
