//! Where connections to servers come from: names and addresses as the service for networks has them.

use super::own_answer::OwnAnswer;
use super::upstream::UpstreamFault;
use super::wait::{Patience, pause};
use super::{Network, Unreached};
use crate::net::{Net, NetFailure};
use cloison_contract::host::HttpService;
use cloison_contract::host::http::address;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// How long one of several addresses may take, before the next one is tried.
const ONE_ADDRESS: Duration = Duration::from_secs(5);

/// The service for networks, with the hosts of the rules as the places to connect to.
#[derive(Debug)]
pub(super) struct Outside {
    pub(super) net: &'static Net,
    /// What says which addresses a host may lead to.
    pub(super) service: HttpService,
}

impl Network for Outside {
    fn connect(&self, host: &str, port: u16, patience: &Patience) -> Result<OwnedFd, Unreached> {
        let found = match address(host) {
            Some(address) => vec![SocketAddr::new(address, port)],
            None => self.resolve(host, port, patience)?,
        };
        // Whoever answers for a name does not say where connections may go.
        let allowed: Vec<_> = found.iter().filter(|address| self.service.leads(host, **address)).collect();
        if allowed.is_empty() {
            let found: Vec<_> = found.iter().map(|address| address.ip().to_string()).collect();
            let text = format!(
                "{host} is {}, which is no ordinary address of the internet: a name leads there only if `addresses` names it, as in \
                 \"{}:{port}\"",
                found.join(", "),
                found.first().map_or("", String::as_str),
            );
            return Err(Unreached::Refused(OwnAnswer::address(text)));
        }
        let mut last = Errno::HOSTUNREACH;
        for (index, address) in allowed.iter().enumerate() {
            let alone = index + 1 == allowed.len();
            match one(**address, if alone { None } else { Some(ONE_ADDRESS) }, patience) {
                Ok(socket) => return Ok(socket),
                Err(UpstreamFault::Lost(error)) => last = error,
                Err(other) => return Err(other.into()),
            }
        }
        Err(Unreached::Refused(OwnAnswer::server(format!("{host}:{port}: no connection: {last}"))))
    }
}

impl Outside {
    fn resolve(&self, host: &str, port: u16, patience: &Patience) -> Result<Vec<SocketAddr>, Unreached> {
        loop {
            match self.net.addresses_of(host, port, patience.left()) {
                Ok(found) => return Ok(found),
                // The broker has said something to the service: that is for another thread.
                Err(NetFailure { errno: Errno::INTR, .. }) if !patience.left().is_zero() => {
                    pause();
                }
                Err(NetFailure { errno, text }) => {
                    let text = text.unwrap_or_else(|| format!("{host}: {errno}"));
                    return Err(Unreached::Refused(OwnAnswer::server(text)));
                }
            }
        }
    }
}

fn one(address: SocketAddr, longest: Option<Duration>, patience: &Patience) -> Result<OwnedFd, UpstreamFault> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None).map_err(UpstreamFault::Lost)?;
    match connect(&socket, &address) {
        Ok(()) => {}
        Err(Errno::INPROGRESS) => {
            if !patience.server_within(socket.as_fd(), PollFlags::OUT, longest)? {
                return Err(UpstreamFault::Lost(Errno::TIMEDOUT));
            }
            sockopt::socket_error(&socket).map_err(UpstreamFault::Lost)?.map_err(UpstreamFault::Lost)?;
        }
        Err(error) => return Err(UpstreamFault::Lost(error)),
    }
    // A request is written at once, and waits for nobody. If it cannot be set, it is only slower.
    let _ = sockopt::set_tcp_nodelay(&socket, true);
    Ok(socket)
}
