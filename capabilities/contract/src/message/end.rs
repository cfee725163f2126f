//! Why a channel ended.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a channel ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum End {
    /// The zone was ended because a call took too long.
    DeadlineExceeded {
        /// What was running, if the zone said.
        ran: Option<Ran>,
    },
    /// The zone exited.
    Exited {
        /// Its exit status.
        code: i32,
        /// What was running, if the zone said.
        ran: Option<Ran>,
    },
    /// The grant's time is over.
    Expired,
    /// The grant was narrowed by whoever runs the application; the next call goes by the new terms.
    Narrowed,
    /// The zone was replaced by whoever runs the application; the next call goes to the new one.
    Replaced {
        /// A call was under way that did not end in time, or may have begun. Else nothing was.
        unfinished: bool,
    },
    /// The grant was revoked.
    Revoked,
    /// The microprocess has ended that served it.
    ServiceEnded,
    /// A signal ended the zone.
    Signaled {
        /// Which.
        signal: i32,
        /// What was running, if the zone said.
        ran: Option<Ran>,
    },
    /// The zone was ended because a call did not end whose grant had been taken back: another grant of the same client's.
    Unwanted {
        /// What was running, if the zone said.
        ran: Option<Ran>,
    },
}

/// What a zone said that it was running when it ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ran {
    /// The function.
    pub function: String,
    /// If that was for the client which is told: which call of its batch, from 0.
    pub own: Option<u64>,
    /// The library has written beyond the room that it had, which ended the zone.
    pub overrun: Option<Overrun>,
}

/// Room that a library has written beyond, because its manifest promises the library more than there is. As text it is a
/// clause about a function.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Overrun {
    /// The parameter that the room was for; `None` for what the library keeps from an earlier call.
    pub parameter: Option<String>,
    /// How many bytes it had.
    pub bytes: u64,
}

impl fmt::Display for Overrun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes;
        match &self.parameter {
            Some(parameter) => write!(
                formatter,
                "it wrote beyond the {bytes} bytes of its `{parameter}`: the manifest's `capacity` or `length` for that is \
                 wrong, or its type in `c`"
            ),
            None => write!(
                formatter,
                "something was written beyond the {bytes} bytes of a buffer that the library keeps: the manifest's \
                 `capacity` or `length` for it is wrong"
            ),
        }
    }
}
