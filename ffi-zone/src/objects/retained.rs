//! What the library goes on using after a call: memory of the zone's at an address that stays, and function pointers.
//!
//! It belongs to a handle ([`crate::objects::handles`]) and is given back when that has ended, after its `free` function has run.

use crate::callback::callables::ClosureId;
use crate::native::block::Block;
use std::sync::Arc;

/// Something that the library keeps.
#[derive(Clone, Debug)]
pub enum Retained {
    /// Bytes that it reads.
    Block(Arc<Block>),
    /// Bytes that it writes; the client reads them by this number.
    Buffer(u64, Arc<Block>),
    /// A function pointer.
    Closure(ClosureId),
}

impl Retained {
    /// How much memory it takes.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Block(block) | Self::Buffer(_, block) => block.bytes() as u64,
            Self::Closure(_) => 0,
        }
    }
}
