//! Capabilities as Python objects: `cloison.capability("zlib").crc32(0, b"…")`.
//!
//! | module | subject |
//! |---|---|
//! | [`object`] | the class `Capability`: what `cloison.toml` granted, its functions as attributes |
//! | [`function`] | the class `Function`: one call |
//! | `plan` | what a call has to do, worked out once from the interface |
//! | `arguments`, `number`, `sequence` | Python values → words and bytes, all checked before anything crosses |
//! | `results` | words → Python values: the zone's claims, all checked |
//! | `line` | the description and the call channel, opened when first needed, again after a crash |
//! | `raise` | the exceptions |
//!
//! Neither class can be instantiated, copied or pickled from Python, and nothing of a channel can be seen there.

mod arguments;
pub mod batch;
pub mod buffers;
mod callback;
mod classes;
mod codec;
mod conversation;
mod crossing;
pub mod function;
#[cfg(test)]
mod fuzz;
pub mod handle;
mod kind;
mod line;
mod map;
mod number;
pub mod object;
mod output;
mod plan;
mod raise;
mod records;
mod results;
mod rows;
mod sequence;
mod value;
mod wide;
