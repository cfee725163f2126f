//! One call's request and reply, as words.
//!
//! A call is a function number and one or two 64-bit **words** for each Python argument; bulk data stands in the
//! channel's arena and a word pair says where. The layout in shared memory belongs to `cloison-transport`; what the
//! words mean is said here, once, for both sides.
//!
//! # Request: one entry for each parameter with [`Role::is_argument`], in C order
//!
//! | role | words |
//! |---|---|
//! | number, cell | the value: integers sign- or zero-extended, `float` and `double` as the bits of a `double` |
//! | text, buffer (in, in-out) | offset in the arena and length in bytes; [`NULL`] and 0 for `None` |
//! | cell that may be NULL | a word that is 1 or 0 (`None`), then the value |
//!
//! # Reply, when the status is [`Status::Ok`]: the function's value if it is kept, then each parameter with
//! [`Role::is_result`], in C order
//!
//! | what | words |
//! |---|---|
//! | number, cell | as above |
//! | string, buffer (out, in-out) | offset in the arena and length in bytes; [`NULL`] and 0 for NULL |
//!
//! The client puts its data at the front of the arena and says how much it used; the zone answers behind it.
//! Both sides check every word: what stands in the shared memory is what the other side claims.
//!
//! # Reply, for any other status
//!
//! Words 0 and 1 are `code` and `errno` for [`Status::NativeError`]; word 0 is a parameter's position for
//! [`Status::BadArgument`]. Words 2 and 3 are offset and length in the arena of a text in UTF-8 that explains it.
//!
//! [`Role::is_argument`]: crate::interface::Role::is_argument
//! [`Role::is_result`]: crate::interface::Role::is_result

/// The most words that a request or a reply has.
pub const MAX_WORDS: usize = 64;

/// The offset that stands for a NULL pointer.
pub const NULL: u64 = u64::MAX;

/// Data in the arena starts at multiples of this many bytes, enough for any C type.
pub const ARENA_ALIGNMENT: u64 = 16;

/// What the client asks for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Index in [`crate::Interface::functions`].
    pub function: u32,
    /// How many of [`Request::words`] count.
    pub count: u32,
    /// How many bytes of the arena the client has filled.
    pub arena_used: u64,
    /// See the module's table.
    pub words: [u64; MAX_WORDS],
}

impl Request {
    /// Nothing asked yet.
    pub const EMPTY: Self = Self { function: 0, count: 0, arena_used: 0, words: [0; MAX_WORDS] };
}

/// What the zone answers.
#[derive(Clone, Copy, Debug)]
pub struct Reply {
    /// How it ended.
    pub status: Status,
    /// How many of [`Reply::words`] count.
    pub count: u32,
    /// See the module's tables.
    pub words: [u64; MAX_WORDS],
}

/// How a call ended, as the zone says it. Ends that the zone cannot report (a crash, a deadline) come from the broker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Status {
    /// The words are results.
    Ok = 0,
    /// The library reported an error by the declared convention.
    NativeError = 1,
    /// The function is not in the grant.
    Denied = 2,
    /// A bound (`where`) of the grant does not hold.
    OutOfBounds = 3,
    /// The grant's rate or number of calls is used up.
    QuotaExceeded = 4,
    /// The grant has been revoked.
    Revoked = 5,
    /// An argument does not fit; the client should have seen it before.
    BadArgument = 6,
    /// The results do not fit into the channel.
    TooLarge = 7,
    /// The request made no sense.
    Malformed = 8,
}

impl TryFrom<u32> for Status {
    type Error = u32;
    fn try_from(word: u32) -> Result<Self, u32> {
        Ok(match word {
            0 => Self::Ok,
            1 => Self::NativeError,
            2 => Self::Denied,
            3 => Self::OutOfBounds,
            4 => Self::QuotaExceeded,
            5 => Self::Revoked,
            6 => Self::BadArgument,
            7 => Self::TooLarge,
            8 => Self::Malformed,
            _ => return Err(word),
        })
    }
}
