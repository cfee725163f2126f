//! Capabilities as Python objects: `cloison.capability("zlib").crc32(0, b"…")`.
//!
//! | module | subject |
//! |---|---|
//! | [`object`] | the class `Capability`: what `cloison.toml` granted, its functions as attributes |
//! | [`function`] | the class `Function`: one call |
//! | `plan`, `kind`, `output` | what a call has to do, worked out once from the interface |
//! | `arguments`, `number`, `sequence`, `records` | Python values → words and bytes, all checked before anything crosses |
//! | `results`, `value` | words → values → Python objects: the zone's claims, all checked |
//! | `codec`, `wide`, `rows` | bytes in C ⇄ values, without Python |
//! | `classes` | the classes of records, enumerations, handles and exceptions |
//! | [`handle`], [`buffers`] | what stays in the zone and has a name here |
//! | `callback`, `conversation` | what happens between a call's request and its end |
//! | `crossing`, `map`, [`batch`] | many calls in one crossing |
//! | `line` | the description and the call channel, opened when first needed, again after a crash |
//! | `raise` | the exceptions |
//!
//! # When Python code runs
//!
//! Converting an argument can run Python code, and so can making an object or letting go of one; any of it may call the same
//! capability. So the channel is borrowed only while none can run: arguments are converted first and written then; results
//! are copied out as `Value`s first and made objects then; while a callable runs, nothing is borrowed.
//!
//! No class can be instantiated, copied or pickled from Python, and nothing of a channel can be seen there.

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
pub mod late;
mod line;
mod map;
mod number;
pub mod object;
mod output;
mod overlap;
mod plan;
mod raise;
mod records;
mod results;
mod rows;
mod sequence;
mod value;
mod wide;
