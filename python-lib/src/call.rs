//! One call of a function, from Python's point of view.
//!
//! | module | subject |
//! |---|---|
//! | [`function`] | the class `Function` |
//! | `session` | a capability in use: description, connection, nesting, callables |
//! | `connection` | the call channel, opened when first needed, again after a crash |
//! | `nesting` | calls inside of callables: how deep, and what of the arena they have taken |
//! | `requests` | a request and its end |
//! | `conversation` | what can happen between a request and its end |
//! | `callback` | Python callables that C calls |
//! | [`callback_timeout`] | callables that run, and until when their zones wait for them |

pub(crate) mod callback;
pub mod callback_timeout;
pub(crate) mod connection;
pub(crate) mod conversation;
pub mod function;
pub(crate) mod nesting;
pub(crate) mod requests;
pub(crate) mod session;
