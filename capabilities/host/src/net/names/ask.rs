//! Asking name servers.

use super::Families;
use super::machine::NameServers;
use super::query::{Answered, Query, Said, queries};
use crate::net::failure::NetFailure;
use crate::net::wait::{self, Until};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// The longest packet of UDP that is read.
const PACKET_BYTES: usize = 4096;

/// What name servers say of a name: the first one that knows.
pub(super) fn ask(
    resolver: &NameServers,
    name: &str,
    families: Families,
    until: Until,
    broker: BorrowedFd<'_>,
) -> Result<Answered, NetFailure> {
    let mut last = String::new();
    for _ in 0..resolver.attempts {
        for server in &resolver.servers {
            match ask_one(*server, name, families, until, resolver.timeout, broker) {
                Ok(Some(answered)) => return Ok(answered),
                Ok(None) => last = format!("{server} cannot answer"),
                Err(Errno::INTR) => return Err(Errno::INTR.into()),
                Err(Errno::AGAIN) => last = format!("{server} does not answer"),
                Err(error) => last = format!("{server}: {error}"),
            }
        }
    }
    Err(NetFailure::new(Errno::AGAIN, format!("{name}: no name server has answered ({last})")))
}

/// What one server says; `None` if it cannot.
fn ask_one(
    server: SocketAddr,
    name: &str,
    families: Families,
    until: Until,
    patience: Duration,
    broker: BorrowedFd<'_>,
) -> Result<Option<Answered>, Errno> {
    let until = until.within(patience);
    let mut open = queries(name, families, number).ok_or(Errno::INVAL)?;
    let (mut addresses, mut exists, mut missing) = (Vec::new(), false, false);
    let mut failed = false;
    let socket = open_to(server, SocketType::DGRAM)?;
    for query in &open {
        send(&socket, &query.packet().ok_or(Errno::INVAL)?, SendFlags::NOSIGNAL)?;
    }
    let mut packet = vec![0; PACKET_BYTES];
    while !open.is_empty() {
        let length = match recv(&socket, &mut packet[..], RecvFlags::DONTWAIT) {
            Ok((length, _)) => length.min(PACKET_BYTES),
            Err(Errno::AGAIN) => match wait::ready(socket.as_fd(), PollFlags::IN, until, broker) {
                Ok(()) => continue,
                // What is known of the other family is better than nothing.
                Err(Errno::AGAIN) if !addresses.is_empty() => break,
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let said = open.iter().enumerate().map(|(at, query)| (at, query.read(&packet[..length])));
        let Some((at, mut said)) = said.into_iter().find(|(_, said)| *said != Said::Nothing) else {
            // Of packets that are no answers there may be any number.
            wait::go_on(until, broker)?;
            continue;
        };
        let query = open.swap_remove(at);
        if said == Said::TooLong {
            said = match by_stream(server, &query, until, broker) {
                Err(Errno::INTR) => return Err(Errno::INTR),
                said => said.unwrap_or(Said::Failed),
            };
        }
        match said {
            Said::Answer(Answered::Addresses(found)) => {
                exists = true;
                addresses.extend(found);
            }
            Said::Answer(Answered::NoSuchName) => missing = true,
            _ => failed = true,
        }
    }
    if failed && addresses.is_empty() {
        return Ok(None);
    }
    Ok(Some(if missing && !exists { Answered::NoSuchName } else { Answered::Addresses(addresses) }))
}

/// The same query over TCP: two bytes of length before each packet.
fn by_stream(server: SocketAddr, query: &Query, until: Until, broker: BorrowedFd<'_>) -> Result<Said, Errno> {
    let socket = open_to(server, SocketType::STREAM)?;
    let packet = query.packet().ok_or(Errno::INVAL)?;
    let packet = [&(packet.len() as u16).to_be_bytes()[..], &packet].concat();
    let mut sent = 0;
    while sent < packet.len() {
        wait::ready(socket.as_fd(), PollFlags::OUT, until, broker)?;
        sent += send(&socket, &packet[sent..], SendFlags::NOSIGNAL)?;
    }
    let mut length = [0; 2];
    read_all(&socket, &mut length, until, broker)?;
    let mut answer = vec![0; u16::from_be_bytes(length).into()];
    read_all(&socket, &mut answer, until, broker)?;
    Ok(query.read(&answer))
}

fn read_all(socket: &OwnedFd, into: &mut [u8], until: Until, broker: BorrowedFd<'_>) -> Result<(), Errno> {
    let mut read = 0;
    while read < into.len() {
        wait::ready(socket.as_fd(), PollFlags::IN, until, broker)?;
        match recv(socket, &mut into[read..], RecvFlags::DONTWAIT) {
            Ok((0, _)) => return Err(Errno::CONNRESET),
            Ok((more, _)) => read += more,
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A socket to a server, from a port that the kernel chooses anew; of UDP it receives from that server alone.
fn open_to(server: SocketAddr, kind: SocketType) -> Result<OwnedFd, Errno> {
    let family = if server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    match connect(&socket, &server) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error),
    }
}

/// A number that nobody can guess.
fn number() -> Option<u16> {
    let mut bytes = [0; 2];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(u16::from_ne_bytes(bytes))
}
