//! What the service needs that has programs started: pipes to them, and a leash for each. It starts nothing itself.

use super::Verdict::Refuse;
use super::row::{Row, allow, allow_when, bits, is};

/// The kind of a socket without its flags.
const KIND: i32 = !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK);

/// To make pipes, and to read what comes by them.
pub const ROWS: &[Row] = &[
    allow(libc::SYS_pipe2, "the streams of a program"),
    allow_when(
        libc::SYS_socketpair,
        &[&[is(0, libc::AF_UNIX), bits(1, KIND, libc::SOCK_SEQPACKET), is(2, 0)]],
        Refuse(libc::EACCES),
        "a leash: what became of a program, and what is to become of it",
    ),
    allow(libc::SYS_read, "what a program puts out"),
];
