//! Which layers this kernel has, found out by trying.
//!
//! The truth about a jail is the report of a jail ([`Jail::layers`](crate::Jail::layers)); this is for explaining it.
