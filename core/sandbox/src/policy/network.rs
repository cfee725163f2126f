//! What a zone needs whose manifest names `network`: what the host service for networks has ([`net_service`](mod@super::net_service)),
//! and what libraries besides do with a socket. Which ports is for Landlock to say.

use super::Check;
use super::Verdict::Refuse;
use super::row::{Row, allow, allow_when, bits, is};

/// What a library may say that a descriptor is: one that does not wait.
const NONBLOCKING: &[Check] = &[is(1, libc::F_SETFL), bits(2, !(libc::O_ACCMODE | libc::O_NONBLOCK), 0)];

/// The kind of a socket without its flags, which are `SOCK_CLOEXEC` and `SOCK_NONBLOCK`.
const KIND: i32 = !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK);

/// With sockets. What `getaddrinfo` gives names TCP, which is what 0 stands for, too.
pub const ROWS: &[Row] = &[
    allow_when(
        libc::SYS_socket,
        &[
            &[is(0, libc::AF_INET), bits(1, KIND, libc::SOCK_STREAM), is(2, 0)],
            &[is(0, libc::AF_INET6), bits(1, KIND, libc::SOCK_STREAM), is(2, 0)],
            &[is(0, libc::AF_INET), bits(1, KIND, libc::SOCK_STREAM), is(2, libc::IPPROTO_TCP)],
            &[is(0, libc::AF_INET6), bits(1, KIND, libc::SOCK_STREAM), is(2, libc::IPPROTO_TCP)],
        ],
        Refuse(libc::EACCES),
        "connections of TCP; never raw sockets, netlink, or whatever else there is",
    ),
    allow_when(
        libc::SYS_ioctl,
        &[&[is(1, libc::FIONREAD as i32)], &[is(1, libc::FIONBIO as i32)]],
        Refuse(libc::ENOTTY),
        "how much has arrived, and whether to wait for it",
    ),
    allow(libc::SYS_epoll_wait, "what has happened, as C libraries ask"),
    allow(libc::SYS_select, "the same, as older ones do"),
    allow(libc::SYS_pselect6, "the same"),
    allow(libc::SYS_read, "receives: TLS libraries read a socket as a file"),
    allow(libc::SYS_readv, "the same, in pieces"),
];

/// Where nothing is written.
pub const FLAGS: &[Row] = &[allow_when(
    libc::SYS_fcntl,
    &[
        &[is(1, libc::F_GET_SEALS)],
        &[is(1, libc::F_GETFD)],
        &[is(1, libc::F_SETFD)],
        &[is(1, libc::F_GETFL)],
        &[is(1, libc::F_DUPFD_CLOEXEC)],
        NONBLOCKING,
    ],
    Refuse(libc::EACCES),
    "as without a network, and sockets that do not wait",
)];

/// Where something is written.
pub const FLAGS_AND_LOCKS: &[Row] = &[allow_when(
    libc::SYS_fcntl,
    &[
        &[is(1, libc::F_GET_SEALS)],
        &[is(1, libc::F_GETFD)],
        &[is(1, libc::F_SETFD)],
        &[is(1, libc::F_GETFL)],
        &[is(1, libc::F_DUPFD_CLOEXEC)],
        &[is(1, libc::F_SETLK)],
        &[is(1, libc::F_SETLKW)],
        &[is(1, libc::F_GETLK)],
        NONBLOCKING,
    ],
    Refuse(libc::EACCES),
    "the same, and locks",
)];
