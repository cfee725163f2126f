//! Microprocesses among themselves: references, reasons, and what each says to the router and hears from it.
//!
//! These travel as records over a mailbox (`cloison_transport::mailbox`). A record's kind says how its body is read:
//!
//! | kind | from | body |
//! |---|---|---|
//! | [`SEND`] | process | the receiver, 24 bytes ([`ProcessRef::to_bytes`]), then the message |
//! | [`SEND_PARCEL`] | process | the receiver alone: the message stands in the memory that the router gave for it |
//! | [`CONTROL`] | process | a [`ToRouter`], as `postcard` |
//! | [`MESSAGE`] | router | the sender's number, 8 bytes, then the message |
//! | [`MESSAGE_PARCEL`] | router | the sender's number, 8 bytes, the parcel's, 8 bytes, and its length, 8 bytes |
//! | [`NEWS`] | router | a [`FromRouter`], as `postcard` |
//!
//! Who a record of a process is from nobody says in it: it is whose ring it stands in.
//!
//! A message that is longer than a record is a **parcel**: memory of its own, which the router makes when the sender asks for it
//! and the receiver has room, which the sender fills, which the router seals, and which the receiver maps to read it. Nothing of a
//! sender that ends in between arrives. The memory travels over the process's control socket, on which nothing else can be
//! under way, because a process asks one question at a time:
//!
//! ```text
//! sender   ── Reserve ─▶ router ── Parcel(Here), memory ─▶ sender   fills it   ── SEND_PARCEL ─▶ router   seals it
//! receiver ◀── MESSAGE_PARCEL ── router          receiver ── Fetch ─▶ router ── Parcel(Here), memory ─▶ receiver
//! ```
//!
//! A message for which there is no room is lost, and so is every later one of the same sender to the same receiver until the
//! sender has asked how many were ([`ToRouter::CountLost`]): what arrives is never a sequence with a gap that its sender
//! does not know of.
//!
//! # Legal messages, and what follows
//!
//! | record | to a living process | to one that has ended | to one that it was not introduced to |
//! |---|---|---|---|
//! | [`SEND`] | delivered, in order | dropped | dropped, and logged |
//! | [`ToRouter::Link`] | both are linked, once | [`FromRouter::Exit`] with [`Reason::NoProcess`], or the end of the asker | as if it had ended |
//! | [`ToRouter::Monitor`] | one [`FromRouter::Down`] at its end, for each monitor | [`FromRouter::Down`] with [`Reason::NoProcess`] | as if it had ended |
//! | [`ToRouter::Exit`] | an exit signal: see below | nothing | nothing |
//! | [`ToRouter::Kill`] | it ends, with [`Reason::Killed`] | nothing | nothing |
//! | [`ToRouter::Unlink`] | [`FromRouter::Found`] of nobody, after what the link has done | the same | the same |
//! | [`ToRouter::WhereIs`] | [`FromRouter::Found`] | | |
//!
//! [`ToRouter::Link`], [`ToRouter::Exit`] and [`ToRouter::Kill`] take a reference with control, unless a process means itself; with
//! another it is as if the two had not been introduced. What [`ToRouter::WhereIs`] finds has none.
//!
//! An **exit signal** with [`Reason::Normal`] does nothing, unless its receiver traps exits. With any other reason it ends the
//! receiver, whose own reason is the same then; a receiver that traps exits gets [`FromRouter::Exit`] instead. When a process
//! ends, each process that is linked to it gets an exit signal with its reason, and each monitor its [`FromRouter::Down`]: both
//! come after everything that it had sent.

use crate::message::CapabilityRef;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// From a process: a message for another one.
pub const SEND: u32 = 1;
/// From a process: a [`ToRouter`].
pub const CONTROL: u32 = 2;
/// From a process: what it was given memory for is complete.
pub const SEND_PARCEL: u32 = 3;
/// From the router: a message of another process.
pub const MESSAGE: u32 = 1;
/// From the router: a [`FromRouter`].
pub const NEWS: u32 = 2;
/// From the router: a message of another process that is to be fetched.
pub const MESSAGE_PARCEL: u32 = 3;

/// The longest name of a process, in bytes.
pub const NAME_BYTES: usize = 255;
/// The most names that one process has.
pub const NAMES: usize = 64;
/// The most monitors and links of one process.
pub const TIES: usize = 20_000;
/// What a message counts beyond its own bytes.
pub const MESSAGE_OVERHEAD: u64 = 64;
/// The exit status of a process that has used up its memory and can say nothing more.
pub const EXHAUSTED_STATUS: i32 = 137;
/// The exit status of a process that could not be made fresh after its fork: nothing of the application has run.
pub const NOT_FRESH_STATUS: i32 = 124;
/// The exit status of a process that could not be sealed, likewise.
pub const NOT_SEALED_STATUS: i32 = 125;
/// The longest text of a [`Reason`], in bytes.
pub const REASON_TEXT_BYTES: usize = 8 << 10;

/// A process's number: never used twice in a broker's life. The program itself is number 1.
pub type ProcessNumber = u64;

/// A reference to a process: the right to send to it and to monitor it, and, with **control**, to link to it and to end it. Whoever
/// has one has been introduced: the token cannot be guessed.
///
/// The lowest bit of a token's last byte says whether it is one with control. From such a one that without is derived by a hash,
/// so that whoever has control can give away less, and nobody gets back what was taken away.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ProcessRef {
    /// Which.
    pub number: ProcessNumber,
    /// 16 bytes that come from the kernel's random generator, the same for as long as the process lives.
    pub token: [u8; 16],
}

/// See [`ProcessRef`].
const CONTROL_BIT: u8 = 1;

impl ProcessRef {
    /// How many bytes one takes.
    pub const BYTES: usize = 24;

    /// A reference with control; the token is random.
    pub fn with_control(number: ProcessNumber, mut token: [u8; 16]) -> Self {
        token[15] |= CONTROL_BIT;
        Self { number, token }
    }

    /// Whether it is one with control.
    pub fn has_control(self) -> bool {
        self.token[15] & CONTROL_BIT != 0
    }

    /// The reference to the same process without control.
    pub fn send_only(self) -> Self {
        if !self.has_control() {
            return self;
        }
        let digest = Sha256::new().chain_update(b"cloison: send only").chain_update(self.token).finalize();
        let mut token = [0; 16];
        token.copy_from_slice(&digest[..16]);
        token[15] &= !CONTROL_BIT;
        Self { number: self.number, token }
    }

    /// Whether both are of the same process, whatever they allow.
    pub fn is_same(self, other: Self) -> bool {
        self.number == other.number && (self.token == other.token || self.send_only().token == other.send_only().token)
    }

    /// As it stands in a record.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8..].copy_from_slice(&self.token);
        bytes
    }

    /// The reference at the beginning of `bytes`, and what follows.
    pub fn split_from(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (number, rest) = bytes.split_first_chunk::<8>()?;
        let (token, rest) = rest.split_first_chunk::<16>()?;
        Some((Self { number: u64::from_le_bytes(*number), token: *token }, rest))
    }
}

/// Which processes come first when processors are scarce.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Priority {
    /// It runs when nobody else wants to.
    Idle,
    /// It stands back behind those that are not as low.
    Low,
    /// As most are.
    #[default]
    Normal,
    /// It is the first to run when it has just woken up.
    High,
}

impl Priority {
    /// All of them, the first to run first.
    pub const ALL: [Self; 4] = [Self::High, Self::Normal, Self::Low, Self::Idle];

    /// Its word, in Python and in manifests.
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    /// The priority of that name.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.word() == word)
    }
}

/// Why a process has ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Reason {
    /// Its function has returned.
    Normal,
    /// Whoever is responsible for it has asked it to end.
    Shutdown,
    /// `sys.exit` with that status, which is not 0.
    Exited {
        /// The status.
        status: i32,
    },
    /// An exception that nobody has caught.
    Exception {
        /// `module.Name`
        kind: String,
        /// `str(exception)`
        text: String,
        /// What Python would have printed.
        traceback: String,
    },
    /// `exit(reason)`: a message, encoded.
    Data(Vec<u8>),
    /// Somebody has killed it.
    Killed,
    /// It has used up its memory.
    MemoryLimit,
    /// It has used up its processor time.
    CpuLimit,
    /// It has run for longer than it may.
    Deadline,
    /// A signal, which nobody here has sent.
    Crash {
        /// Which.
        signal: i32,
    },
    /// The broker has ended it, or could not start it.
    Broker {
        /// Why.
        text: String,
    },
    /// There is no such process (any more).
    NoProcess,
}

impl Reason {
    /// Whether an exit signal with it leaves the linked alone.
    pub fn is_normal(&self) -> bool {
        matches!(self, Self::Normal)
    }

    /// The same with texts that are no longer than they may be.
    pub fn shortened(self) -> Self {
        match self {
            Self::Exception { kind, text, traceback } => {
                Self::Exception { kind: start(kind, 256), text: start(text, 2048), traceback: end(traceback) }
            }
            Self::Data(data) if data.len() > REASON_TEXT_BYTES => {
                Self::Broker { text: format!("an exit reason of {} bytes is too long", data.len()) }
            }
            Self::Broker { text } => Self::Broker { text: start(text, 2048) },
            other => other,
        }
    }

    /// The same in few bytes, for somebody for whom too much waits already.
    pub fn brief(self) -> Self {
        match self {
            Self::Exception { kind, text, .. } => {
                Self::Exception { kind: start(kind, 64), text: start(text, 128), traceback: String::new() }
            }
            Self::Data(data) if data.len() > 128 => Self::Broker { text: "a reason that there was no room for".into() },
            Self::Broker { text } => Self::Broker { text: start(text, 128) },
            other => other,
        }
    }
}

fn start(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
        text.push('…');
    }
    text
}

/// The last lines of a traceback say the most.
fn end(text: String) -> String {
    match text.len().checked_sub(REASON_TEXT_BYTES) {
        Some(over) if over > 0 => format!("…{}", &text[text.ceil_char_boundary(over)..]),
        _ => text,
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => write!(formatter, "normal"),
            Self::Shutdown => write!(formatter, "shutdown"),
            Self::Exited { status } => write!(formatter, "exit status {status}"),
            Self::Exception { kind, text, .. } if text.is_empty() => write!(formatter, "{kind}"),
            Self::Exception { kind, text, .. } => write!(formatter, "{kind}: {text}"),
            Self::Data(_) => write!(formatter, "a reason of its own"),
            Self::Killed => write!(formatter, "killed"),
            Self::MemoryLimit => write!(formatter, "memory limit"),
            Self::CpuLimit => write!(formatter, "CPU limit"),
            Self::Deadline => write!(formatter, "deadline"),
            Self::Crash { signal } => write!(formatter, "crash (signal {signal})"),
            Self::Broker { text } => write!(formatter, "{text}"),
            Self::NoProcess => write!(formatter, "no such process"),
        }
    }
}

/// From a process to the router.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum ToRouter {
    /// Messages of that sender wait no longer.
    Consumed {
        /// Whose.
        sender: ProcessNumber,
        /// How many.
        messages: u64,
        /// Their bytes, each message with [`MESSAGE_OVERHEAD`].
        bytes: u64,
    },
    /// Link the process with that one.
    Link(ProcessRef),
    /// Undo that. It is answered by [`FromRouter::Found`] of nobody, unless the process is about to be ended: what the link has
    /// done was done before the answer.
    Unlink {
        /// From whom.
        process: ProcessNumber,
        /// How the asker knows the question.
        question: u64,
    },
    /// Say when that one ends.
    Monitor {
        /// Whom.
        process: ProcessRef,
        /// How the asker knows the monitor; unique in its life.
        reference: u64,
    },
    /// Undo that.
    Demonitor(u64),
    /// Whether exit signals are messages from now on.
    TrapExits(bool),
    /// Send an exit signal.
    Exit {
        /// To whom.
        process: ProcessRef,
        /// Why.
        reason: Reason,
    },
    /// End that one, whatever it does.
    Kill(ProcessRef),
    /// Have a name.
    Register {
        /// The name.
        name: String,
        /// How the asker knows the question.
        question: u64,
    },
    /// Give a name up.
    Unregister {
        /// The name.
        name: String,
        /// How the asker knows the question.
        question: u64,
    },
    /// Who has that name?
    WhereIs {
        /// The name.
        name: String,
        /// How the asker knows the question.
        question: u64,
    },
    /// Memory for a message of so many bytes to that one. Another that was given and not sent goes back.
    Reserve {
        /// The receiver.
        process: ProcessRef,
        /// Its length.
        bytes: u64,
    },
    /// The parcel of that number, which waits in this process's mailbox.
    Fetch(u64),
    /// How many messages to that process were lost, as [`FromRouter::Lost`] said? From now on they count anew.
    CountLost {
        /// The receiver.
        number: ProcessNumber,
        /// How the asker knows the question.
        question: u64,
    },
    /// Why the process is about to end: the last thing it says.
    Last(Reason),
}

/// From the router to a process.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum FromRouter {
    /// A process that was monitored has ended.
    Down {
        /// Which monitor.
        reference: u64,
        /// Which process.
        number: ProcessNumber,
        /// Why.
        reason: Reason,
    },
    /// An exit signal, to a process that traps them.
    Exit {
        /// From whom.
        number: ProcessNumber,
        /// Why.
        reason: Reason,
    },
    /// What this process has sent to that one fills its share of the mailbox.
    Full {
        /// The receiver.
        number: ProcessNumber,
        /// The share is small, because all that the process has sent, to whomever, takes as much memory as it may have itself.
        of_all: bool,
    },
    /// A message to that one was lost, and all are until the process asks how many.
    Lost {
        /// The receiver.
        number: ProcessNumber,
        /// It was lost because all that the process has sent, to whomever, takes more memory than it may have itself. Else there was no
        /// room in the receiver's mailbox, which others had filled as well.
        of_all: bool,
    },
    /// The answer to [`ToRouter::CountLost`].
    LostCount {
        /// Which question.
        question: u64,
        /// How many.
        messages: u64,
    },
    /// Whether somebody has to pause because of what waits in this mailbox. As long as that is so, its process says what it has
    /// received before it sleeps, however little that is: who has to pause may be waiting for just that.
    Pressed(bool),
    /// There is space in a mailbox again.
    Space {
        /// The receiver.
        number: ProcessNumber,
    },
    /// The answer to a question.
    Found {
        /// Which.
        question: u64,
        /// Who has the name. For [`ToRouter::Register`] the asker itself, if it has it now; for [`ToRouter::Unlink`] nobody.
        process: Option<ProcessRef>,
    },
    /// A grant of a service is not alive any more that this process holds and has asked about: whoever waits for an answer by it waits
    /// no longer.
    GrantEnded(CapabilityRef),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_was_written() {
        let reference = ProcessRef { number: 1 << 40, token: *b"0123456789abcdef" };
        let bytes = [&reference.to_bytes()[..], b"rest"].concat();
        assert_eq!(ProcessRef::split_from(&bytes), Some((reference, b"rest".as_slice())));
        assert_eq!(ProcessRef::split_from(&bytes[..23]), None);
    }

    #[test]
    fn control_can_be_taken_away_and_not_got_back() {
        let all = ProcessRef::with_control(3, *b"0123456789abcde@");
        let less = all.send_only();
        assert!(all.has_control() && !less.has_control() && less.number == 3 && less.token != all.token);
        assert_eq!(less.send_only(), less);
        assert!(all.is_same(less) && less.is_same(all) && all.is_same(all));
        let other = ProcessRef::with_control(3, *b"0123456789abcdA@");
        assert!(!all.is_same(other) && !less.is_same(other) && !less.is_same(other.send_only()));
        // Setting the bit makes no reference that is the same.
        let forged = ProcessRef {
            token: {
                let mut token = less.token;
                token[15] |= 1;
                token
            },
            ..less
        };
        assert!(forged.has_control() && !forged.is_same(all) && !forged.is_same(less));
    }

    #[test]
    fn reasons_are_bounded() {
        let long = "ä".repeat(100_000);
        let Reason::Exception { kind, text, traceback } =
            (Reason::Exception { kind: long.clone(), text: long.clone(), traceback: long.clone() }).shortened()
        else {
            panic!("another reason")
        };
        assert!(kind.len() + text.len() + traceback.len() < 12 << 10);
        assert!(matches!(Reason::Data(vec![0; 100_000]).shortened(), Reason::Broker { .. }));
        assert_eq!(Reason::Data(vec![0; 10]).shortened(), Reason::Data(vec![0; 10]));
    }
}
