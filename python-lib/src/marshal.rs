//! Python values ⇄ what crosses the wall: words, and bytes in the arena.
//!
//! | module | subject |
//! |---|---|
//! | `plan`, `kind` | what a call has to do, worked out once from the interface |
//! | `arguments`, `number`, `sequence`, `records` | Python values → words and bytes, all checked before anything crosses |
//! | `results`, `value` | words → values → Python objects: the zone's claims, all checked |
//!
//! What needs no Python, the checks of all that a zone says above all, is the crate `cloison_codec`.

pub(crate) mod arguments;
pub(crate) mod kind;
pub(crate) mod number;
pub(crate) mod plan;
pub(crate) mod records;
pub(crate) mod results;
pub(crate) mod sequence;
pub(crate) mod value;
