//! C calls back: a function pointer that asks a client's callable.
//!
//! | module | does |
//! |---|---|
//! | [`callables`] | lends function pointers to calls |
//! | [`questions`] | a callable as C sees it: a function that asks |
//! | `inquiry` | C's arguments into words, the answer's words into what C wants |
//! | `conversation` | whose turn it is, while calls stand on questions and questions on calls |

pub mod callables;
pub(crate) mod conversation;
#[allow(unsafe_code, reason = "C's arguments are where C says that they are")]
pub(crate) mod inquiry;
#[allow(unsafe_code, reason = "C's arguments are where C says that they are")]
pub mod questions;
