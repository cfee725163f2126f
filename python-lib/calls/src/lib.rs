//! Calls from the client's side, without Python: a request, what can happen until its end, and the end.
//!
//! ```text
//!  channel ─▶ request ─▶ (signal │ question ─▶ callable ─▶ answer)… ─▶ reply, or the channel's end
//! ```
//!
//! Whoever makes calls says by [`CallClient`] what it does about signals, questions and faults; the microprocess does that with its
//! interpreter, the tests of this crate with a few lines. No interpreter is linked, so that this is built and tested in seconds.
//!
//! | module | subject |
//! |---|---|
//! | [`client`] | what a call needs of whoever makes it |
//! | [`connection`] | the channel in use, and what became of those before |
//! | [`nesting`] | calls inside of callables inside of calls |
//! | [`request`] | a channel for a request, and the request on it |
//! | [`conversation`] | what can happen between a request and its end |
//! | [`fault`] | why a call has no reply |

#![forbid(unsafe_code)]

pub mod client;
pub mod connection;
pub mod conversation;
pub mod fault;
pub mod nesting;
pub mod request;

pub use client::{BrokerLink, CallClient, CallableAnswer, CallableFailure, Host};
pub use connection::{Connection, Lost, OpenChannel};
pub use conversation::ConversationEnd;
pub use fault::CallFault;
pub use nesting::Nesting;
