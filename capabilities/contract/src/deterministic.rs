//! What makes a run the same each time: a clock that the application's manifest sets, and randomness out of a seed.
//!
//! Neither is a right that a microprocess could hold or lack: both are so for the whole application, its template included.

use serde::{Deserialize, Serialize};

/// What of it an application wants.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Deterministic {
    /// `[clock]`: otherwise the time is the machine's.
    pub clock: Option<Clock>,
    /// `[random] seed`: otherwise nobody can guess what is random.
    pub seed: Option<u64>,
}

impl Deterministic {
    /// Whether everything is as it is on the machine.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A clock that is set.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Clock {
    /// What it shows at its origin, in nanoseconds since 1970.
    pub start_ns: i64,
    /// When that is, in nanoseconds of the kernel's `CLOCK_MONOTONIC`.
    pub origin_ns: u64,
    /// How fast it goes, in millionths of real time; 0 is a clock that stands.
    pub rate_millionths: u64,
}
