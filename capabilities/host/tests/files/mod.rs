//! The service for files, as the broker starts it, and as a client asks it: the real program in its sandbox.

mod crimes;
mod limits;
mod rights;
mod service;
mod surface;
