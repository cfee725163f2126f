//! One call's request and reply, as words.
//!
//! A call is a function number and one or two 64-bit **words** for each Python argument; bulk data stands in the
//! channel's arena and a word pair says where. The layout in shared memory belongs to `cloison-transport`; what the
//! words mean is said here, once, for both sides.
//!
//! # Request: one entry for each parameter with [`Shape::is_argument`], in C order
//!
//! | shape | words |
//! |---|---|
//! | number, scalar pointer | the value: integers sign- or zero-extended, `float` and `double` as the bits of a `double` |
//! | text, buffer (in, in-out) | offset in the arena and length in bytes; [`NULL`] and 0 for `None` |
//! | scalar pointer that may be NULL | a word that is 1 or 0 (`None`), then the value |
//! | handle | the handle: generation in the upper 32 bits, index in the lower; 0 for `None` |
//! | callback | the number that the client gave the callable, from 1; 0 for `None` |
//! | record (in, in-out), wide number | offset in the arena and length in bytes; [`NULL`] and 0 for `None` |
//!
//! # Reply, when the status is [`Status::Ok`]: the function's value if it is kept, then each parameter with
//! [`Shape::is_result`], in C order
//!
//! | what | words |
//! |---|---|
//! | number, scalar pointer | as above |
//! | string, buffer, record, wide number | offset in the arena and length in bytes; [`NULL`] and 0 for NULL |
//! | handle | as above; 0 for NULL |
//! | buffer that is retained (out) | the number of its block, for [`SYNC`] |
//!
//! # Records
//!
//! A record travels as its bytes in C, with what padding there is zero, and with pointer members replaced: a handle by
//! its word; a text by 0 for NULL, or else by 1 + the offset in the arena, a multiple of 8, of a 64-bit length that its bytes follow.
//! Hidden members are zero. Of a union, what the live member does not cover is zero.
//!
//! The client puts its data at the front of the arena and says how much it used; the zone answers behind it.
//! Both sides check every word: what stands in the shared memory is what the other side claims.
//!
//! # Reply, for any other status
//!
//! Words 0 and 1 are `code` and `errno` for [`Status::NativeError`]; word 0 is a parameter's position for
//! [`Status::BadArgument`]. Words 2 and 3 are offset and length in the arena of a text in UTF-8 that explains it.
//!
//! # Callbacks: the reply that is a question
//!
//! While a call runs, the two sides take turns, and each turn of the zone may be a [`Status::Callback`] instead of the
//! call's end. The client then runs its callable and posts one of:
//!
//! | request | meaning |
//! |---|---|
//! | `function` = [`ANSWER`] | the callable's end: word 0 is the question's depth, word 1 is 1 if it returned and 0 if it raised, then the results |
//! | any other | a call of its own, inside of the callback, that ends (or asks) before the answer comes |
//!
//! Word 0 of a question is the callable's number, word 1 the question's depth (from 1), word 2 how many bytes of the arena
//! are in use. Until the client has answered, it writes behind those, from the next multiple of [`ARENA_ALIGNMENT`] on, and
//! `arena_used` of its requests says where its data ends. The callable's arguments follow: an entry for each parameter of the
//! callback with [`Shape::is_argument`], as in a request. Results are as in a reply. Where a callable raised, C gets the
//! callback's error value, no callable is asked any more, and the call ends with [`Status::Raised`].
//!
//! # Requests that are not calls of a function
//!
//! | `function` | words | reply |
//! |---|---|---|
//! | [`BATCH`] | offset and length of the calls in the arena, how many | offset and length of their replies, how many were made |
//! | [`CLOSE`] | a handle | none; closing a handle that is closed already is [`Status::StaleHandle`] |
//! | [`SYNC`] | the number of a block | offset and length of its bytes |
//! | [`HELD`] | a handle | none; [`Status::StaleHandle`] if it is closed |
//!
//! A batch is a row of calls, each aligned to 8: function (u32), count of words (u32), count of links (u32), zero (u32), the
//! words (u64 each), the links (two u64 each: the index of a word; the call's index << 32 | the reply word's index that goes there). A
//! link may only lead to an earlier call of the same batch that is not itself special, and only to a word that both
//! sides see as one word: a number or a handle. Replies are a row alike: status (u32), count (u32), the words. The batch ends
//! with the first call that is not [`Status::Ok`], whose reply is the last one. A callback in a batch belongs to the
//! call that runs.
//!
//! [`Shape::is_argument`]: crate::shape::Shape::is_argument
//! [`Shape::is_result`]: crate::shape::Shape::is_result

/// The most words that a request or a reply has.
pub const MAX_WORDS: usize = 64;

/// The offset that stands for a NULL pointer.
pub const NULL: u64 = u64::MAX;

/// Data in the arena starts at multiples of this many bytes, enough for any C type.
pub const ARENA_ALIGNMENT: u64 = 16;

/// [`Request::function`] of a callback's end.
pub const ANSWER: u32 = u32::MAX;

/// [`Request::function`] of several calls at once.
pub const BATCH: u32 = u32::MAX - 1;

/// [`Request::function`] that closes a handle.
pub const CLOSE: u32 = u32::MAX - 2;

/// [`Request::function`] that reads what the library has written to a buffer since.
pub const SYNC: u32 = u32::MAX - 3;

/// [`Request::function`] that asks whether a handle still stands for an object.
pub const HELD: u32 = u32::MAX - 4;

/// What is less is a function's number.
pub const FIRST_SPECIAL: u32 = HELD;

/// A question's words before its arguments: the callable's number, the depth, how much of the arena is in use.
pub const QUESTION_WORDS: usize = 3;

/// An answer's words before its results: the depth, whether the callable returned.
pub const ANSWER_WORDS: usize = 2;

/// How deep callbacks and calls inside of them may be nested.
pub const MAX_DEPTH: usize = 8;

/// A reply of a batch has room for as many words at least: those of a refusal.
pub const REFUSAL_WORDS: usize = 4;

/// The most calls of one batch.
pub const MAX_BATCH: u64 = 1 << 20;

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
    /// A request with nothing in it, to be filled in.
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
    /// No end yet: the library calls a Python callable.
    Callback = 9,
    /// A callable raised; the client knows what.
    Raised = 10,
    /// A callable took longer than it may. Words 2 and 3 explain.
    CallbackOverdue = 11,
    /// A handle is closed, or never was. Word 0 is the parameter's position, words 2 and 3 explain.
    StaleHandle = 12,
    /// A handle of another type than the parameter's. Words as for [`Status::StaleHandle`].
    WrongHandle = 13,
    /// More handles or callbacks than there may be. Words 2 and 3 explain.
    TooMany = 14,
    /// The process of this call alone ended (`instances = "per-call"`): word 0 is the signal, word 1 the exit status, one
    /// of them [`NULL`]. Words 2 and 3 explain. Of a batch, word 4 is which of its calls ran, from 0.
    Crashed = 15,
    /// The callables of one outermost call took longer together than they may. Word 0 is how long that is, in
    /// milliseconds; words 2 and 3 explain.
    CallablesOverdue = 16,
    /// A value that C passes to a callable, or that a callable returns to C, does not fit. Words 2 and 3 explain.
    Misfit = 17,
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
            9 => Self::Callback,
            10 => Self::Raised,
            11 => Self::CallbackOverdue,
            12 => Self::StaleHandle,
            13 => Self::WrongHandle,
            14 => Self::TooMany,
            15 => Self::Crashed,
            16 => Self::CallablesOverdue,
            17 => Self::Misfit,
            _ => return Err(word),
        })
    }
}
