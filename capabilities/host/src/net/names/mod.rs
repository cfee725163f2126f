//! HostNames: who is asked about which, and what has been said.
//!
//! | module | does |
//! |---|---|
//! | `machine` | what `/etc/hosts` and `/etc/resolv.conf` say; pure logic |
//! | `query` | a query to name servers and its answer, as bytes; pure logic |
//! | `ask` | asks, over UDP, and over TCP what is too long for it |
//! | `remembered` | which name has led to which address |
//!
//! A name is asked about only if the capability names it. From then on its addresses may be connected to, for the sake of that name:
//! what somebody answers later, or to somebody else, counts for nothing.

mod ask;
mod machine;
mod query;
mod remembered;

pub(super) use remembered::Remembered;

use super::Net;
use super::failure::NetFailure;
use super::wait::Until;
use cloison_contract::host::NetService;
use cloison_contract::host::net::{LOCALHOST, is_host_name, is_localhost};
use cloison_contract::message::Machine;
use cloison_contract::observation::ServiceUse;
use cloison_zone::serve::recorder;
use machine::{Hosts, NameServers};
use query::Answered;
use rustix::io::Errno;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// The most addresses of one answer.
const MOST_ADDRESSES: usize = 64;

/// Who knows names.
#[derive(Debug)]
pub(super) struct HostNames {
    hosts: Hosts,
    resolver: NameServers,
}

impl HostNames {
    pub(super) fn new(service: &NetService, machine: &Machine) -> Self {
        let resolver = NameServers::read(&machine.resolver);
        let resolver = match service.name_servers.as_slice() {
            [] => resolver,
            servers => NameServers::asking(servers.to_vec()),
        };
        Self { hosts: Hosts::read(&machine.hosts), resolver }
    }
}

/// Which addresses are wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Families {
    v4: bool,
    v6: bool,
}

impl Families {
    fn new(family: i32) -> Result<Self, Errno> {
        match family {
            0 => Ok(Self { v4: true, v6: true }),
            libc::AF_INET => Ok(Self { v4: true, v6: false }),
            libc::AF_INET6 => Ok(Self { v4: false, v6: true }),
            _ => Err(Errno::AFNOSUPPORT),
        }
    }

    fn has(self, ip: IpAddr) -> bool {
        if ip.is_ipv4() { self.v4 } else { self.v6 }
    }
}

impl Net {
    /// The addresses of a name, with the port.
    pub(super) fn resolve(
        &self,
        host: &[u8],
        port: u16,
        family: i32,
        until: Until,
    ) -> Result<Vec<SocketAddr>, NetFailure> {
        let families = Families::new(family)?;
        let text = std::str::from_utf8(host).map_err(|_| NetFailure::new(Errno::NOENT, "a host's name is ASCII"))?;
        if let Some(address) = literal(text, port) {
            return match families.has(address.ip()) {
                true => Ok(vec![address]),
                false => Err(NetFailure::new(Errno::NODATA, format!("{text} is an address of the other family"))),
            };
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if !is_host_name(&name) {
            return Err(NetFailure::new(Errno::NOENT, format!("{text:?} is no host's name")));
        }
        let found = self.look_up(&name, port, families, until)?;
        if port != 0 {
            recorder::note(|| ServiceUse::Connect { host: name.clone(), port });
        }
        let found: Vec<IpAddr> = found.into_iter().filter(|ip| families.has(*ip)).take(MOST_ADDRESSES).collect();
        if found.is_empty() {
            return Err(NetFailure::new(Errno::NODATA, format!("{name} has no address of that kind")));
        }
        self.remembered.note(&name, &found);
        Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }

    fn look_up(&self, name: &str, port: u16, families: Families, until: Until) -> Result<Vec<IpAddr>, NetFailure> {
        if is_localhost(name) {
            // Nobody is asked; what may be connected to there is another question.
            let here = |port| LOCALHOST.iter().any(|ip| self.service.reaches(SocketAddr::new(*ip, port)));
            let listens = !self.service.listen.is_empty();
            let any = self.service.connect.iter().any(|place| LOCALHOST.iter().any(|ip| place.contains(*ip)));
            return match self.service.names(name, port) || here(port) || listens || any {
                true => Ok(LOCALHOST.to_vec()),
                false => Err(self.name_not_granted(name, port)),
            };
        }
        if !self.service.names(name, port) {
            return Err(self.name_not_granted(name, port));
        }
        let found = self.names.hosts.find(name);
        if !found.is_empty() {
            return Ok(found);
        }
        if self.names.resolver.servers.is_empty() {
            let text = format!(
                "{name}: this machine has no name servers (/etc/resolv.conf), and `name_servers` at {} names none",
                self.location()
            );
            return Err(NetFailure::new(Errno::AGAIN, text));
        }
        let mut exists = false;
        for candidate in self.names.resolver.candidates(name) {
            match ask::ask(&self.names.resolver, &candidate, families, until, self.broker())? {
                Answered::Addresses(found) if !found.is_empty() => return Ok(found),
                Answered::Addresses(_) => exists = true,
                Answered::NoSuchName => {}
            }
        }
        match exists {
            true => Err(NetFailure::new(Errno::NODATA, format!("{name} has no address of that kind"))),
            false => Err(NetFailure::new(Errno::NOENT, format!("there is no {name}"))),
        }
    }

    fn name_not_granted(&self, name: &str, port: u16) -> NetFailure {
        let port = if port == 0 { "*".to_owned() } else { port.to_string() };
        let text = format!(
            "{name}:{port} is not granted: \"{name}:{port}\" would have to be in `connect` at {}",
            self.location()
        );
        NetFailure::new(Errno::ACCESS, text)
    }
}

/// An address in the form of text, in its one form; an interface by its number.
fn literal(text: &str, port: u16) -> Option<SocketAddr> {
    if let Some((address, scope)) = text.split_once('%') {
        let scope = scope.bytes().all(|byte| byte.is_ascii_digit()).then(|| scope.parse().ok()).flatten()?;
        return Some(SocketAddrV6::new(address.parse().ok()?, port, 0, scope).into());
    }
    Some(SocketAddr::new(text.parse().ok()?, port))
}
