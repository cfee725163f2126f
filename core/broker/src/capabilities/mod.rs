//! What the broker does with the capabilities of its microprocesses: says what they are, narrows them, lets others hold them, takes them back.
//!
//! A microprocess names a grant by number and token; whether it holds that grant stands in its `HeldCapabilities`, which nobody but the broker
//! changes. So a name that is overheard, guessed or sent once more is worth nothing to anybody else.
//!
//! | module | subject |
//! |---|---|
//! | `grants` | who may do what: a table of all capabilities, and what was narrowed from which; knows nothing of processes |
//! | [`profiles`] | what `[microprocess.NAME]` leaves of them, and its limits: pure |
//! | `held` | which of them a microprocess has, and who has given them |
//! | `finding` | the grant that a process means, what it is, and why it may not have it |
//! | `giving` | who gets one: by `cloison.toml`, at the start, in a message |
//! | `narrowing` | what comes of one that is narrowed |
//! | `limiting` | which limit a call has met, and who has set it |
//! | `lines` | the lines of `cloison.toml` that say what is granted: pure |
//! | `revoking` | how one ends, and the channels that are cut with it |
//! | `offered` | services that microprocesses serve: who may call what of them |
//! | `serving` | their calls: what bounds refuse does not count, and what the others have carried and taken does |
//! | `noting` | what the audit trail is told of all that |

mod finding;
mod giving;
pub(crate) mod grants;
mod held;
pub(crate) mod limiting;
pub(crate) mod lines;
mod narrowing;
mod noting;
mod offered;
pub mod profiles;
mod revoking;
mod serving;

pub(crate) use giving::GivenCapability;
pub(crate) use held::{HeldCapabilities, Lineage};
pub use lines::TermLines;
pub(crate) use serving::AdmittedCalls;
