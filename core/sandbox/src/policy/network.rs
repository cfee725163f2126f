//! What a zone needs whose manifest names `network`: what the host service for networks has ([`net_service`](mod@super::net_service)),
//! and what libraries besides do with a socket. Which ports is for Landlock to say.

use super::Check;
use super::Verdict::Refuse;
use super::row::{Row, allow, allow_when, bits, is};

/// What a library may say that a descriptor is: one that does not wait.
const NONBLOCKING: &[Check] = &[is(1, libc::F_SETFL), bits(2, !(libc::O_ACCMODE | libc::O_NONBLOCK), 0)];

/// With sockets.
pub const ROWS: &[Row] = &[
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
