//! One call of a function, from Python's point of view. How a request comes to its end is the crate `cloison_calls`, which needs no Python:
//! the channel, the nesting of calls, signals and questions on the way.
//!
//! | module | subject |
//! |---|---|
//! | [`function`] | the class `Function` |
//! | `session` | a capability in use: description, connection, nesting, callables |
//! | `client` | what a call does about signals, questions of the library and faults |
//! | `connection` | this process as that in which calls are made, and its questions to the broker |
//! | `requests` | calls of functions, ends of objects, looks at buffers |
//! | `callback` | Python callables that C calls |
//! | [`callback_timeout`] | callables that run, and until when their zones wait for them |

pub(crate) mod callback;
pub mod callback_timeout;
pub(crate) mod client;
pub(crate) mod connection;
pub mod function;
pub(crate) mod requests;
pub(crate) mod session;
