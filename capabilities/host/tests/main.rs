//! Host services: the real program in its sandbox, as the broker starts it, and as a client asks it.
//!
//! One program for all of them, so that a change in the crate is linked once.

mod files;
mod http;
mod log;
mod net;
mod process;
mod support;
