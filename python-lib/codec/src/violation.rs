//! What a zone said that cannot be true, and what is true but takes more memory than there is.

use cloison_contract::shape::Position;

/// A reply or a question that breaks the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProtocolViolation {
    /// Altogether more bytes than the arena has: an honest zone names each once.
    #[error("more bytes than there are")]
    Excess,
    /// A number that its C type cannot hold.
    #[error("a number that does not fit its type")]
    Number,
    /// A callable that was never passed, or a question out of order.
    #[error("a question that makes no sense")]
    Question,
    /// A range that is not in the arena, or longer than it may be.
    #[error("bytes that are not there")]
    Range,
    /// Text that is not UTF-8. This is the library's doing as often as the zone's.
    #[error("text that is not UTF-8")]
    Text,
    /// NULL where there should be bytes.
    #[error("NULL where something should be")]
    Unexpected,
    /// Text of `wchar_t` with a surrogate or a number beyond Unicode in it. Again the library's doing as often as the zone's.
    #[error("wide text with a number in it that is no character")]
    WideText,
    /// Too few words or too many.
    #[error("as many words as it should not have")]
    Words,
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// The value would take more memory than there is. Nobody is to blame.
    #[error("more than fits into memory")]
    Memory(Shortage),
    /// The zone is to blame.
    #[error(transparent)]
    Violation(#[from] ProtocolViolation),
}

/// A value that does not fit into memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shortage {
    /// Whose value.
    pub position: Position,
    /// How many bytes C has given.
    pub bytes: u64,
    /// How many the value takes at least.
    pub needed: u64,
    /// How many there were.
    pub free: u64,
}
