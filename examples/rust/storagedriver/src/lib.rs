//! Write a storage driver that any host can start: implement [`StorageDriver`], call [`serve`].
//!
//! ```no_run
//! # use storagedriver::{Error, Result, StorageDriver};
//! # fn make() -> Box<dyn StorageDriver> { unimplemented!() }
//! fn main() -> std::process::ExitCode {
//!     storagedriver::serve("example", &[], |parameters| {
//!         match parameters.keys().next() {
//!             Some(name) => Err(Error::invalid_parameter("example", name, "is not known")),
//!             None => Ok(make()),
//!         }
//!     })
//! }
//! ```
//!
//! The rest of this crate is the protocol, layer by layer: `value` and `decode` (msgpack),
//! `message` and `header`, `calls` and `types` (methods), `session` and `states` (what is allowed
//! when), `channel` and `monitor` (ZeroMQ), `incoming` and `outgoing` (streams), `methods`, `worker` and
//! `serving` (threads), `lifeline` and `serve` (the process).

pub mod calls;
mod channel;
pub mod decode;
mod digest;
mod driver;
mod error;
mod error_kind;
mod header;
mod incoming;
mod lifeline;
pub mod limits;
pub mod message;
mod methods;
mod monitor;
mod outgoing;
mod serve;
mod serving;
pub mod session;
pub mod states;
pub mod types;
mod uploads;
pub mod value;
pub mod version;
pub mod wire_errors;
mod worker;

pub use digest::DigestCheck;
pub use driver::{
    FileInfo, Listing, ReadStream, Reader, StorageDriver, Upload, UploadInfo, UrlOptions, feature,
};
pub use error::{Error, ErrorKind, Result};
pub use lifeline::Parameters;
pub use message::Content;
pub use serve::serve;
pub use types::Time;
