//! What the service for HTTP has of this one: names, and sockets for its clients.

use super::failure::NetFailure;
use super::socket::Socket;
use super::wait::Until;
use super::{NET, Net};
use cloison_transport::account::Account;
use rustix::io::Errno;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// The one of this process, if there is one.
pub(crate) fn served() -> Option<&'static Net> {
    NET.get()
}

impl Net {
    /// The addresses of a name that the capability names, within a time.
    pub(crate) fn addresses_of(&self, name: &str, port: u16, time: Duration) -> Result<Vec<SocketAddr>, NetFailure> {
        let nanoseconds = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        self.resolve(name.as_bytes(), port, 0, Until::new(nanoseconds))
    }

    /// What all clients have used up.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }
}

impl Socket {
    /// One end of a pair for a client, and the other one for this process.
    pub(crate) fn with_other_end() -> Result<(Self, OwnedFd), Errno> {
        let (one, other) = Self::pair()?;
        Ok((Self::end(one), other))
    }
}
