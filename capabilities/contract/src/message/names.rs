//! What channels, capabilities and clients are called in messages.

use serde::{Deserialize, Serialize};

/// One call channel, unique in a broker's life.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ChannelId(pub u64);

/// A grant, as its holders name it. Its number is for people; whoever names it with its token was given it, which is not enough
/// to use it: the broker knows who holds it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct CapabilityRef {
    /// Which; never used twice in a broker's life.
    pub number: u64,
    /// 16 bytes from the kernel's random generator.
    pub token: [u8; 16],
}

/// A capability that a microprocess means.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum CapabilityName {
    /// The one that it holds under that name.
    Named(String),
    /// That grant, whatever it is called.
    Referred(CapabilityRef),
}

/// A microprocess, as the broker calls it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ClientName {
    /// Its number.
    pub number: u64,
    /// What it runs.
    pub function: String,
}
