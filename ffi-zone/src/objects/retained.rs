//! What the library goes on using after a call: memory of the zone's at an address that stays, and function pointers.
//!
//! It belongs to a handle ([`crate::objects::handles`]) and is given back when that has ended, after its `free` function has run.

use crate::callback::callables::ClosureId;
use crate::native::block::Block;
use cloison_contract::FunctionId;
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
    /// A function pointer that is kept until the next one is set.
    Replaceable(ClosureId, Setter),
}

/// What sets a function pointer: one parameter of one function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Setter {
    /// The function.
    pub function: FunctionId,
    /// The parameter's position.
    pub parameter: usize,
}

impl Retained {
    /// How much memory it takes.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Block(block) | Self::Buffer(_, block) => block.bytes() as u64,
            Self::Closure(_) | Self::Replaceable(..) => 0,
        }
    }

    /// Whether the library has written nothing behind it.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Block(block) | Self::Buffer(_, block) => block.is_whole(),
            Self::Closure(_) | Self::Replaceable(..) => true,
        }
    }

    /// The bytes that the library reads, if it is that.
    pub fn read(&self) -> Option<&Block> {
        match self {
            Self::Block(block) => Some(block),
            Self::Buffer(..) | Self::Closure(_) | Self::Replaceable(..) => None,
        }
    }

    /// The number of the bytes that the library writes, if it is that.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Buffer(number, _) => Some(*number),
            Self::Block(_) | Self::Closure(_) | Self::Replaceable(..) => None,
        }
    }

    /// The function pointer, if it is one.
    pub fn closure(&self) -> Option<ClosureId> {
        match self {
            Self::Closure(closure) | Self::Replaceable(closure, _) => Some(*closure),
            Self::Block(_) | Self::Buffer(..) => None,
        }
    }
}
