//! Python values ⇄ what crosses the wall: words, and bytes in the arena.
//!
//! | module | subject |
//! |---|---|
//! | `plan` | what a call has to do, worked out once from the interface |
//! | `callback` | the same of a question to a Python callable |
//! | `arguments`, `pieces` | a request: which value goes where, all checked before anything crosses |
//! | `encode` | one Python value → its words and bytes, one file for each shape |
//! | `results`, `value` | words → values → Python objects: the zone's claims, all checked |
//!
//! What needs no Python, the checks of all that a zone says above all, is the crate `cloison_codec`.

pub(crate) mod arguments;
pub(crate) mod callback;
mod encode;
mod pieces;
pub(crate) mod plan;
pub(crate) mod results;
pub(crate) mod value;
