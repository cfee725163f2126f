//! Why a call has no reply.

use crate::connection::Lost;
use cloison_codec::ProtocolViolation;
use cloison_contract::message::End;
use cloison_transport::client::CallError;

/// Why a call has no reply, or was not made.
#[derive(Clone, Debug, PartialEq)]
pub enum CallFault {
    /// The reply makes no sense, or the wait broke off.
    Broken(CallError),
    /// Its channel is in use: a call is under way already.
    Busy,
    /// It has taken too long.
    DeadlineExceeded,
    /// The channel has ended.
    Ended(End),
    /// The same, and the broker does not say why.
    EndedUnexplained,
    /// The channel was given up in a call of that function.
    GivenUp(Box<str>),
    /// The channel is gone, and nobody knows why.
    Gone,
    /// There is no memory for its arguments.
    NoMemory,
    /// The channel has ended before the zone began the call, because the zone was replaced: it can be made once more.
    NotBegun(End),
    /// A callable has left the nesting of calls in disorder.
    OutOfOrder,
    /// The zone was replaced, and what is called has another interface now, by which it can be called.
    Outdated,
    /// What the request is about was on a channel that is gone.
    Stale,
    /// Its arguments take so many bytes, and there is room for so many.
    TooLarge {
        /// What they take.
        used: u64,
        /// What there is.
        room: u64,
    },
    /// The zone has said what cannot be true.
    Violation(ProtocolViolation),
}

impl From<Option<Lost>> for CallFault {
    fn from(lost: Option<Lost>) -> Self {
        match lost {
            Some(Lost::End(end)) => Self::Ended(end),
            Some(Lost::GivenUp(function)) => Self::GivenUp(function),
            None => Self::Gone,
        }
    }
}
