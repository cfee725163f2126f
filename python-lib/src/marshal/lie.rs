//! What a zone said that cannot be true.

/// A result that does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub enum Lie {
    /// A callable that was never passed, or a question out of order.
    #[error("a question that makes no sense")]
    Question,
    /// Altogether more bytes than the arena has: an honest zone names each once.
    #[error("more bytes than there are")]
    Excess,
    /// A number that its C type cannot hold.
    #[error("a number that does not fit its type")]
    Number,
    /// A range that is not in the arena, or longer than it may be.
    #[error("bytes that are not there")]
    Range,
    /// Text that is not UTF-8. This is the library's doing as often as the zone's.
    #[error("text that is not UTF-8")]
    Text,
    /// NULL where there should be bytes.
    #[error("NULL where something should be")]
    Unexpected,
    /// Too few words or too many.
    #[error("as many words as it should not have")]
    Words,
}
