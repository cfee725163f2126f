//! One call of a function, from Python's point of view.
//!
//! | module | subject |
//! |---|---|
//! | [`function`] | the class `Function` |
//! | `line` | the description and the call channel, opened when first needed, again after a crash |
//! | `conversation` | what can happen between a request and its end |
//! | `callback` | Python callables that C calls |
//! | [`late`] | callables that run, and until when their zones wait for them |

pub(crate) mod callback;
pub(crate) mod conversation;
pub mod function;
pub mod late;
pub(crate) mod line;
