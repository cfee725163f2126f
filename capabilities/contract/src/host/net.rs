//! `zone = "net"`: where a program may connect to, and where it may be connected to.
//!
//! Everything here is pure: the service asks these questions of addresses that it has before it, never of texts.

mod place;
mod special;

pub use place::{NetHost, NetPlace, WrongPlace, is_host_name};
pub use special::is_special;

use crate::Interface;
use crate::types::TypeKind;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Connections, names and listening of one capability.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NetService {
    /// Where to.
    pub connect: Vec<NetPlace>,
    /// Where from: addresses of this machine.
    pub listen: Vec<NetPlace>,
    /// Who is asked about names, instead of whom this machine asks.
    pub name_servers: Vec<SocketAddr>,
    /// How many connections and listening sockets one client may have open at once.
    pub connections: u32,
    /// How many bytes all clients together may send.
    pub sent_bytes: u64,
    /// How many bytes all clients together may receive.
    pub received_bytes: u64,
    /// The line that grants it, as `FILE:LINE`, for errors.
    pub location: String,
}

/// The most entries of `connect`, and of `listen`.
pub const MOST_PLACES: usize = 256;
/// The most entries of `name_servers`.
pub const MOST_NAME_SERVERS: usize = 8;

/// What a service has open besides its clients' sockets: channels, its poll, and name servers while it asks them.
const OWN_DESCRIPTORS: u32 = 64;
/// Ends of socket pairs, which are no connections, and pollers.
const PAIRS: u32 = 64;

impl Default for NetService {
    fn default() -> Self {
        Self {
            connect: Vec::new(),
            listen: Vec::new(),
            name_servers: Vec::new(),
            connections: 64,
            sent_bytes: 1 << 30,
            received_bytes: 1 << 30,
            location: String::new(),
        }
    }
}

impl NetService {
    pub(super) fn configure(&self, interface: &mut Interface) {
        let most = self.connections.saturating_add(PAIRS);
        for one in &mut interface.types {
            if let TypeKind::Handle(handle) = &mut one.kind {
                handle.max_live = most;
            }
        }
        // What is under way in each, TLS's records above all.
        let memory = &mut interface.sandbox.memory_bytes;
        *memory = memory.saturating_add(u64::from(self.connections) << 20);
        // Sockets and pollers; what TLS has is memory.
        interface.sandbox.descriptors = OWN_DESCRIPTORS.saturating_add(most.saturating_mul(2));
    }

    /// Whether any entry is about a name, so that somebody has to be asked about names.
    pub fn has_names(&self) -> bool {
        self.connect.iter().any(|place| match &place.host {
            NetHost::Name(name) => !is_localhost(name),
            NetHost::Below(_) | NetHost::Any => true,
            NetHost::Network { .. } => false,
        })
    }

    /// Whether the addresses of a name may be asked for, to connect to that port of theirs; 0 if it is not known yet.
    pub fn names(&self, name: &str, port: u16) -> bool {
        self.connect.iter().any(|place| place.is_named(name) && (port == 0 || place.has_port(port)))
    }

    /// Whether there may be a connection to that address, whatever name has led there.
    pub fn reaches(&self, address: SocketAddr) -> bool {
        let (ip, port) = (address.ip().to_canonical(), address.port());
        let may = |place: &NetPlace| match &place.host {
            NetHost::Network { .. } => place.contains(ip),
            NetHost::Any => !is_special(ip),
            NetHost::Name(name) => is_localhost(name) && LOCALHOST.contains(&ip),
            NetHost::Below(_) => false,
        };
        self.connect.iter().any(|place| place.has_port(port) && may(place))
    }

    /// Whether there may be a connection to that address, which is one of that name's.
    pub fn leads(&self, name: &str, address: SocketAddr) -> bool {
        self.reaches(address)
            || !is_special(address.ip().to_canonical()) && address.port() != 0 && self.names(name, address.port())
    }

    /// Whether a socket may listen there.
    pub fn listens(&self, address: SocketAddr) -> bool {
        let (ip, port) = (address.ip().to_canonical(), address.port());
        let here = |place: &NetPlace| match &place.host {
            NetHost::Name(name) => is_localhost(name) && LOCALHOST.contains(&ip),
            _ => place.contains(ip),
        };
        self.listen.iter().any(|place| (place.port.is_none() || place.port == Some(port)) && here(place))
    }
}

/// What `localhost` is, whoever is asked.
pub const LOCALHOST: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Whether a name stands for this machine, and nobody is asked about it (RFC 6761).
pub fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests;
