//! TLS, by rustls: whom to trust, and one connection, which takes and gives bytes or goes over a socket.
//!
//! | module | does |
//! |---|---|
//! | `context` | whom to trust, and who one is |
//! | `verify` | looks at a server's certificates |
//! | `der` | the few parts of a certificate that rustls does not tell of; pure logic |
//! | `trouble` | errors, in OpenSSL's words where Python's programs look for them |
//! | `connection` | one connection, from bytes to bytes |
//! | `attached` | the same over a socket |

mod attached;
mod connection;
mod context;
mod der;
mod trouble;
mod verify;

pub(super) use connection::Tls;
pub(super) use context::{ContextSettings, TlsContext, machine_roots};
