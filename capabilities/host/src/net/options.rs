//! Options of sockets: those that are known to be harmless, and no others.
//!
//! Harmless is what concerns this one connection: its buffers, its timing, whether an address can be taken again. Not on the list is what
//! reaches into routes, devices, filters, other sockets, and the time that a call may wait, which each call says itself.

use super::kernel;
use rustix::io::Errno;
use std::os::fd::BorrowedFd;

/// What may be done with an option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum May {
    Get,
    GetAndSet,
}

use May::{Get, GetAndSet};

const OPTIONS: &[(i32, i32, May)] = &[
    (libc::SOL_SOCKET, libc::SO_ACCEPTCONN, Get),
    (libc::SOL_SOCKET, libc::SO_DOMAIN, Get),
    (libc::SOL_SOCKET, libc::SO_ERROR, Get),
    (libc::SOL_SOCKET, libc::SO_KEEPALIVE, GetAndSet),
    (libc::SOL_SOCKET, libc::SO_LINGER, GetAndSet),
    (libc::SOL_SOCKET, libc::SO_PROTOCOL, Get),
    (libc::SOL_SOCKET, libc::SO_RCVBUF, GetAndSet),
    (libc::SOL_SOCKET, libc::SO_RCVLOWAT, GetAndSet),
    (libc::SOL_SOCKET, libc::SO_REUSEADDR, GetAndSet),
    (libc::SOL_SOCKET, libc::SO_REUSEPORT, GetAndSet),
    (libc::SOL_SOCKET, libc::SO_SNDBUF, GetAndSet),
    (libc::SOL_SOCKET, libc::SO_TYPE, Get),
    (libc::IPPROTO_IP, libc::IP_TOS, GetAndSet),
    (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, GetAndSet),
    (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_CORK, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_KEEPCNT, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_MAXSEG, Get),
    (libc::IPPROTO_TCP, libc::TCP_NODELAY, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_QUICKACK, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_SYNCNT, GetAndSet),
    (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT, GetAndSet),
];

fn find(level: i32, option: i32) -> Result<May, Errno> {
    let found = OPTIONS.iter().find(|(its_level, its_option, _)| (*its_level, *its_option) == (level, option));
    found.map(|(.., may)| *may).ok_or(Errno::NOPROTOOPT)
}

pub(super) const LINGER: (i32, i32) = (libc::SOL_SOCKET, libc::SO_LINGER);

/// An option's number.
pub(super) fn get(socket: BorrowedFd<'_>, level: i32, option: i32) -> Result<i32, Errno> {
    find(level, option)?;
    if (level, option) == LINGER {
        let [on, seconds] = kernel::option(socket, level, option)?;
        return Ok(if on == 0 { -1 } else { seconds });
    }
    let [value] = kernel::option(socket, level, option)?;
    Ok(value)
}

/// Sets an option's number.
pub(super) fn set(socket: BorrowedFd<'_>, level: i32, option: i32, value: i32) -> Result<(), Errno> {
    match find(level, option)? {
        Get => Err(Errno::PERM),
        GetAndSet if (level, option) == LINGER => {
            kernel::set_option(socket, level, option, [i32::from(value >= 0), value.max(0)])
        }
        GetAndSet => kernel::set_option(socket, level, option, [value]),
    }
}
