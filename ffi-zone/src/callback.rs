//! C calls back: a function pointer that asks a client's callable. What becomes of its arguments and of the answer,
//! [`crate::marshal`] does in `callback_call`.
//!
//! | module | does |
//! |---|---|
//! | [`callables`] | lends function pointers to calls |
//! | [`target`] | a callable as C sees it: a function that asks |
//! | `conversation` | whose turn it is, while calls stand on questions and questions on calls |
#![deny(clippy::wildcard_enum_match_arm)]

pub mod callables;
pub(crate) mod conversation;
pub mod target;
