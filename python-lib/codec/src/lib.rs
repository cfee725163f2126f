//! What crosses the wall, on the client's side, without Python: a reply's words → values, records ⇄ their bytes in C,
//! batches ⇄ rows. What a zone said is a claim until it has been checked here.
//!
//! No interpreter is linked, so that this is built and tested in seconds. What values become in Python, and what becomes of
//! Python's arguments, `cloison-python` knows.
//!
//! | module | subject |
//! |---|---|
//! | [`decode`] | words → values, one file for each shape |
//! | [`value`] | what a value is; objects of the zone are the caller's own type |
//! | [`memory`] | what a result costs before it is built |
//! | [`records`], [`wide`] | records and wide numbers ⇄ their bytes in C |
//! | [`rows`] | the calls of a batch and their replies |
//! | [`violation`] | what a zone said that cannot be true |

#![forbid(unsafe_code)]

pub mod decode;
pub mod memory;
#[cfg(test)]
mod properties;
pub mod records;
pub mod rows;
pub mod value;
pub mod violation;
pub mod wide;

pub use decode::{Decoder, Objects, Owner};
pub use value::{Value, Values};
pub use violation::{DecodeError, ProtocolViolation};
