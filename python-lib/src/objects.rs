//! The classes that Python sees.
//!
//! | module | subject |
//! |---|---|
//! | [`object`] | the class `Capability`: what `cloison.toml` granted, its functions as attributes |
//! | `classes` | the classes of records, enumerations, handles and exceptions |
//! | [`handle`], [`buffers`] | what stays in the zone and has a name here |

pub mod buffers;
pub(crate) mod classes;
pub mod handle;
pub mod object;
