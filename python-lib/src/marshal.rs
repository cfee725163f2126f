//! Python values ⇄ what crosses the wall: words, and bytes in the arena.
//!
//! | module | subject |
//! |---|---|
//! | `plan`, `kind`, `output` | what a call has to do, worked out once from the interface |
//! | `arguments`, `number`, `sequence`, `records` | Python values → words and bytes, all checked before anything crosses |
//! | `results`, `value` | words → values → Python objects: the zone's claims, all checked |
//! | `lie` | what the zone said that cannot be true |
//! | `codec`, `wide` | bytes in C ⇄ values, without Python |

pub(crate) mod arguments;
pub(crate) mod codec;
#[cfg(test)]
mod fuzz;
pub(crate) mod kind;
pub(crate) mod lie;
pub(crate) mod number;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod records;
pub(crate) mod results;
pub(crate) mod sequence;
pub(crate) mod value;
pub(crate) mod wide;
