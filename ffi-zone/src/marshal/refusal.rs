//! Calls that end otherwise than with results, and how they are told.

use crate::objects::handles::HandleError;
use cloison_contract::call::{ARENA_ALIGNMENT, MAX_WORDS, NULL, Reply, Status};
use cloison_contract::message::Overrun;
use cloison_sandbox::Ended;
use cloison_transport::Arena;
use std::fmt::Display;
use std::time::Duration;

/// The longest text that goes with it.
const TEXT_BYTES: usize = 64 * 1024;

/// Why there is no result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    status: Status,
    /// Code and `errno`, or a parameter's position.
    words: [u64; 2],
    text: String,
    /// Of a batch: which of its calls.
    index: Option<u64>,
}

impl Refusal {
    /// One that concerns no parameter.
    #[cold]
    pub fn new(status: Status, text: impl Display) -> Box<Self> {
        Box::new(Self { status, words: [0; 2], text: text.to_string(), index: None })
    }

    /// An argument that does not fit.
    #[cold]
    pub fn argument(parameter: usize, text: impl Display) -> Box<Self> {
        Box::new(Self {
            status: Status::BadArgument,
            words: [parameter as u64, 0],
            text: text.to_string(),
            index: None,
        })
    }

    /// A handle that is not what it should be.
    #[cold]
    pub fn handle(parameter: usize, error: HandleError) -> Box<Self> {
        let status = match error {
            HandleError::Borrowed | HandleError::Ending | HandleError::InUse => Status::BadArgument,
            HandleError::Stale => Status::StaleHandle,
            HandleError::TooMany => Status::TooMany,
            HandleError::Wrong => Status::WrongHandle,
        };
        Box::new(Self { status, words: [parameter as u64, 0], text: error.to_string(), index: None })
    }

    /// The library says, or shows, that it failed.
    #[cold]
    pub fn native(code: u64, errno: i32, text: impl Display) -> Box<Self> {
        let words = [code, i64::from(errno) as u64];
        Box::new(Self { status: Status::NativeError, words, text: text.to_string(), index: None })
    }

    /// The process of this call alone has ended, perhaps because the library has written beyond a room, and in
    /// that call of a batch.
    #[cold]
    pub fn crashed(ended: Ended, overrun: Option<Overrun>, index: Option<u64>) -> Box<Self> {
        let words = match ended {
            Ended::Exited(status) => [NULL, i64::from(status) as u64],
            Ended::Signaled(signal) => [i64::from(signal) as u64, NULL],
        };
        let text = overrun.map(|overrun| overrun.to_string()).unwrap_or_default();
        Box::new(Self { status: Status::Crashed, words, text, index })
    }

    /// A callable raised, at that depth.
    #[cold]
    pub fn raised(depth: u64) -> Box<Self> {
        Box::new(Self { status: Status::Raised, words: [depth, 0], text: String::new(), index: None })
    }

    /// A callable took longer than it may, or all of a call together than the `budget`.
    #[cold]
    pub fn overdue(budget: Option<Duration>, text: impl Display) -> Box<Self> {
        let (status, limit) = match budget {
            Some(budget) => (Status::CallablesOverdue, budget.as_millis() as u64),
            None => (Status::CallbackOverdue, 0),
        };
        Box::new(Self { status, words: [limit, 0], text: text.to_string(), index: None })
    }

    /// Its status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As a reply, with the text behind the `used` bytes that the client claims as its own, if there is room.
    #[cold]
    pub fn write(&self, reply: &mut Reply, arena: Option<&Arena>, used: u64) {
        reply.status = self.status;
        reply.words[..4].copy_from_slice(&[self.words[0], self.words[1], NULL, 0]);
        reply.count = 4;
        if let Some(index) = self.index {
            (reply.words[4], reply.count) = (index, 5);
        }
        let Some(arena) = arena else { return };
        // Whoever claims more than there is gets the text at the front.
        let offset = if used <= arena.len() { used.next_multiple_of(ARENA_ALIGNMENT) } else { 0 };
        let room = usize::try_from(arena.len().saturating_sub(offset)).unwrap_or(usize::MAX).min(TEXT_BYTES);
        let text = &self.text[..self.text.floor_char_boundary(room)];
        if !text.is_empty() && arena.write(offset, text.as_bytes()).is_ok() {
            reply.words[2..4].copy_from_slice(&[offset, text.len() as u64]);
        }
    }
}

/// A reply without words.
pub const fn empty_reply() -> Reply {
    Reply { status: Status::Ok, count: 0, words: [0; MAX_WORDS] }
}
