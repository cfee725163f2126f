//! What a program writes when it spawns a microprocess or narrows a capability.

use super::{CapabilityName, CapabilityRef};
use crate::process::Priority;
use serde::{Deserialize, Serialize};

/// What a capability is to be narrowed by, as a program writes it. Whatever is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct NarrowRequest {
    /// These functions alone.
    pub functions: Option<Vec<String>>,
    /// Functions, and what must hold for their arguments, as in `where`.
    pub bounds: Vec<(String, String)>,
    /// As in `cloison.toml`: `100/s`.
    pub rate: Option<String>,
    /// At most this many calls.
    pub calls: Option<u64>,
    /// At most this many bytes of arguments and results.
    pub bytes: Option<u64>,
    /// At most so much of the zone's processor time, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// It ends after that time, in milliseconds.
    pub expires_ms: Option<u64>,
    /// Whoever is given it cannot give it on.
    pub personal: bool,
    /// No callables may be passed.
    pub quiet: bool,
    /// It ends with the process that makes it.
    pub is_lease: bool,
}

/// What a microprocess asks for in another one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Spawn {
    /// The module of the function; `__main__` is the program's own.
    pub module: String,
    /// The function in it.
    pub qualname: String,
    /// A tuple of arguments, encoded as a message; `None` if it follows as the first message of who asks.
    pub arguments: Option<Vec<u8>>,
    /// A name that it registers itself under before it calls the function.
    pub register: Option<String>,
    /// It needs what the program's own module defines.
    pub main: bool,
    /// A name, for people.
    pub name: Option<String>,
    /// Link the two from the beginning.
    pub link: bool,
    /// Let it link itself to who asks, once it has come that far, without control over it.
    pub may_link: bool,
    /// Monitor it from the beginning, by that reference.
    pub monitor: Option<u64>,
    /// Capabilities of the asker's that it holds too, under the name that they have here.
    pub capabilities: Vec<CapabilityName>,
    /// Those that its arguments name.
    pub given: Vec<CapabilityRef>,
    /// `[microprocess.NAME]` of `cloison.toml`: it holds what that has out of the asker's, as far as that leaves it, and has no more than
    /// its limits.
    pub profile: Option<String>,
    /// How much memory it may use, in bytes; no more than the asker.
    pub memory_bytes: Option<u64>,
    /// How much processor time, in seconds; no more than the asker.
    pub cpu_seconds: Option<u64>,
    /// How long it may run, in milliseconds of real time; no longer than the asker.
    pub deadline_ms: Option<u64>,
    /// How many living children it may have; no more than the asker.
    pub children: Option<u32>,
    /// How many call channels it may have open; no more than the asker.
    pub channels: Option<u32>,
    /// Who comes first; the asker's own if absent.
    pub priority: Option<Priority>,
    /// Its nice value, 0 to 19; at least the asker's.
    pub nice: Option<u8>,
}
