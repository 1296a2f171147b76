//! The states of a channel and which message leads where (section 12).

use crate::message::Kind;

/// The two ends of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Side {
    Host,
    Driver,
}

impl Side {
    /// The one at the other end.
    pub fn peer(self) -> Self {
        match self {
            Self::Host => Self::Driver,
            Self::Driver => Self::Host,
        }
    }
}

/// What a channel is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Section 12 says what each is.
pub enum State {
    Attaching,
    Idle,
    Waiting,
    Opening,
    Receiving,
    Sending,
    Cancelling,
    Closed,
}

/// Where a message of `sender` leads from `state`; None is a breach of the protocol.
///
/// What a REQUEST leads to depends on its method too.
pub fn after(state: State, sender: Side, kind: Kind) -> Option<State> {
    use Kind::{Attach, Cancel, Chunk, Close, Credit, End, Request, Response, Start};
    use Side::{Driver, Host};
    use State::{Attaching, Cancelling, Closed, Idle, Opening, Receiving, Sending, Waiting};
    Some(match (state, sender, kind) {
        (Closed, _, _) => return None,
        (_, Host, Close) => Closed,
        (Attaching, Driver, Attach) => Idle,
        (Idle, Host, Request) => Waiting,
        (Idle, Host, Credit | Chunk | End | Cancel) => Idle,
        (Waiting | Opening | Receiving | Sending | Cancelling, Driver, Response) => Idle,
        (Waiting | Opening | Receiving | Sending, Host, Cancel) => Cancelling,
        (Waiting, Driver, Credit) => Waiting,
        (Opening, Driver, Start) => Receiving,
        (Opening, Host, Credit) => Opening,
        (Receiving, Driver, Chunk) | (Receiving, Host, Credit) => Receiving,
        (Sending, Driver, Credit) | (Sending, Host, Chunk) => Sending,
        (Sending, Host, End) => Waiting,
        (Cancelling, Driver, Start | Chunk | Credit) => Cancelling,
        _ => return None,
    })
}
