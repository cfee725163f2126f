//! The service for networks, as the broker starts it, and as a client asks it: the real program in its sandbox, against servers that these
//! tests start on the loopback.

mod connections;
mod crimes;
mod names;
mod service;
mod tls;
