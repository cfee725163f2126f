//! What a host service for networks needs. Which ports is for Landlock to say, which addresses for the service itself: they are behind a
//! pointer, which no filter can see.

use super::Verdict::Refuse;
use super::row::{Check, Row, allow, allow_when, bits, is};

/// The kind of a socket without its flags, which are `SOCK_CLOEXEC` and `SOCK_NONBLOCK`.
const KIND: i32 = !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK);

const STREAM_V4: &[Check] = &[is(0, libc::AF_INET), bits(1, KIND, libc::SOCK_STREAM), is(2, 0)];
const STREAM_V6: &[Check] = &[is(0, libc::AF_INET6), bits(1, KIND, libc::SOCK_STREAM), is(2, 0)];
const DATAGRAM_V4: &[Check] = &[is(0, libc::AF_INET), bits(1, KIND, libc::SOCK_DGRAM), is(2, 0)];
const DATAGRAM_V6: &[Check] = &[is(0, libc::AF_INET6), bits(1, KIND, libc::SOCK_DGRAM), is(2, 0)];

/// Where names have to be asked for.
pub const DATAGRAMS: &[Row] = &[allow_when(
    libc::SYS_socket,
    &[STREAM_V4, STREAM_V6, DATAGRAM_V4, DATAGRAM_V6],
    Refuse(libc::EACCES),
    "connections, and questions to name servers; never raw sockets, netlink, or whatever else there is",
)];

/// Where something may be listened for.
pub const LISTENING: &[Row] = &[
    allow(libc::SYS_bind, "an address of its own"),
    allow(libc::SYS_listen, "waits for connections"),
    allow(libc::SYS_accept4, "takes one"),
];

/// To connect, send and receive.
pub const ROWS: &[Row] = &[
    allow_when(
        libc::SYS_socket,
        &[STREAM_V4, STREAM_V6],
        Refuse(libc::EACCES),
        "connections of TCP; never raw sockets, netlink, or whatever else there is",
    ),
    allow_when(
        libc::SYS_socketpair,
        &[&[is(0, libc::AF_UNIX), bits(1, KIND, libc::SOCK_STREAM), is(2, 0)]],
        Refuse(libc::EACCES),
        "two ends for one program, by which its event loop wakes itself",
    ),
    allow(libc::SYS_connect, "connects; to which ports, Landlock says"),
    // With MSG_FASTOPEN it would connect as well, which Landlock does not see.
    allow_when(libc::SYS_sendto, &[&[bits(3, libc::MSG_FASTOPEN, 0)]], Refuse(libc::EACCES), "sends; never connects"),
    allow(libc::SYS_recvfrom, "receives"),
    allow(libc::SYS_shutdown, "ends one direction, or both"),
    allow(libc::SYS_getsockname, "where it is"),
    allow(libc::SYS_getpeername, "where the other end is"),
    allow(libc::SYS_getsockopt, "what became of a connection; options"),
    allow_when(
        libc::SYS_setsockopt,
        &[
            &[is(1, libc::SOL_SOCKET), is(2, libc::SO_KEEPALIVE)],
            &[is(1, libc::SOL_SOCKET), is(2, libc::SO_LINGER)],
            &[is(1, libc::SOL_SOCKET), is(2, libc::SO_RCVBUF)],
            &[is(1, libc::SOL_SOCKET), is(2, libc::SO_RCVLOWAT)],
            &[is(1, libc::SOL_SOCKET), is(2, libc::SO_REUSEADDR)],
            &[is(1, libc::SOL_SOCKET), is(2, libc::SO_REUSEPORT)],
            &[is(1, libc::SOL_SOCKET), is(2, libc::SO_RCVTIMEO)],
            &[is(1, libc::SOL_SOCKET), is(2, libc::SO_SNDBUF)],
            &[is(1, libc::SOL_SOCKET), is(2, libc::SO_SNDTIMEO)],
            &[is(1, libc::IPPROTO_IP), is(2, libc::IP_TOS)],
            &[is(1, libc::IPPROTO_IPV6), is(2, libc::IPV6_V6ONLY)],
            &[is(1, libc::IPPROTO_IPV6), is(2, libc::IPV6_TCLASS)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_CORK)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_DEFER_ACCEPT)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_KEEPCNT)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_KEEPIDLE)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_KEEPINTVL)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_NODELAY)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_NOTSENT_LOWAT)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_QUICKACK)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_SYNCNT)],
            &[is(1, libc::IPPROTO_TCP), is(2, libc::TCP_USER_TIMEOUT)],
        ],
        Refuse(libc::EACCES),
        "the options that the service has a list of, and how long to wait; no filters, protocols or devices",
    ),
    allow_when(libc::SYS_ioctl, &[&[is(1, libc::FIONREAD as i32)]], Refuse(libc::ENOTTY), "how much has arrived"),
    allow(libc::SYS_epoll_create1, "waits for several at once"),
    allow(libc::SYS_epoll_ctl, "for which, and for what"),
    allow(libc::SYS_epoll_pwait, "what has happened"),
];
