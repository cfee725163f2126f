//! C calls back: a function pointer that asks a client's callable.
//!
//! | module | does |
//! |---|---|
//! | [`callables`] | lends function pointers to calls |
//! | [`target`] | a callable as C sees it: a function that asks |
//! | `call` | one call of C's: its arguments into words, the answer's words into what C wants |
//! | `conversation` | whose turn it is, while calls stand on questions and questions on calls |

#[allow(unsafe_code, reason = "C's arguments are where C says that they are")]
pub(crate) mod call;
pub mod callables;
pub(crate) mod conversation;
#[allow(unsafe_code, reason = "C's arguments are where C says that they are")]
pub mod target;
