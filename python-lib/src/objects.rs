//! The classes that Python sees.
//!
//! | module | subject |
//! |---|---|
//! | [`object`] | the class `Capability`: what `cloison.toml` granted, its functions as attributes |
//! | `classes` | the classes of records, enumerations, handles and exceptions |
//! | `description` | what the broker said of a capability |
//! | [`held`] | grants that this process was given, and when they go back |
//! | `home` | where what Python holds of a zone belongs |
//! | [`process`] | what names a microprocess, and unique references |
//! | [`handle`], [`buffers`] | what stays in the zone and has a name here |

pub mod buffers;
pub(crate) mod classes;
pub(crate) mod description;
pub mod handle;
pub mod held;
pub(crate) mod home;
pub mod object;
pub mod process;
