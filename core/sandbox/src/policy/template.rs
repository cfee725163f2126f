//! What a template needs besides: it forks, and its children put on their own seal.

use super::Verdict::{Kill, Refuse};
use super::row::{Row, allow, allow_when, is, is_long};

/// Exactly what a fork of the template is made with: a child of the broker, with a pidfd.
pub const FORK: u64 = (libc::CLONE_PARENT | libc::CLONE_PIDFD | libc::SIGCHLD) as u64;

/// Allowed in a template and, but for what [`super::microprocess`] takes away, in its children.
pub const ROWS: &[Row] = &[
    // Standard streams.
    allow(libc::SYS_read, "standard input"),
    allow(libc::SYS_readv, "the same, in pieces"),
    allow(libc::SYS_lseek, "where standard input stands, if it is a file"),
    allow_when(
        libc::SYS_ioctl,
        &[&[is(1, libc::TIOCGWINSZ as i32)]],
        Refuse(libc::ENOTTY),
        "is it a terminal, and how wide? Output to one is flushed after each line",
    ),
    allow(libc::SYS_dup2, "a child's own standard streams"),
    allow(libc::SYS_dup3, "the same"),
    // Long messages to the broker.
    allow_when(
        libc::SYS_memfd_create,
        &[&[is(1, (libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING) as i32)]],
        Refuse(libc::EACCES),
        "a traceback that is too long for a packet; nobody here can map it executable",
    ),
    allow_when(
        libc::SYS_fcntl,
        &[
            &[is(1, libc::F_GET_SEALS)],
            &[is(1, libc::F_ADD_SEALS)],
            &[is(1, libc::F_GETFD)],
            &[is(1, libc::F_SETFD)],
            &[is(1, libc::F_GETFL)],
            &[is(1, libc::F_DUPFD_CLOEXEC)],
        ],
        Refuse(libc::EACCES),
        "seals of channels and of long messages; std looks at and copies descriptors",
    ),
    // Forking.
    allow_when(
        libc::SYS_clone,
        &[&[is_long(0, FORK)]],
        Refuse(libc::EPERM),
        "a microprocess, which has to be the broker's own child",
    ),
    allow_when(
        libc::SYS_tgkill,
        &[&[is(2, libc::SIGABRT)]],
        Refuse(libc::EPERM),
        "abort(); each child narrows it to itself, whose number is not known yet",
    ),
    allow_when(
        libc::SYS_seccomp,
        &[
            &[is(0, libc::SECCOMP_SET_MODE_FILTER as i32), is_long(1, 0)],
            &[is(0, libc::SECCOMP_SET_MODE_FILTER as i32), is_long(1, libc::SECCOMP_FILTER_FLAG_TSYNC)],
        ],
        Kill,
        "the child's seal; filters can only take away",
    ),
    allow_when(
        libc::SYS_prctl,
        &[
            &[is(0, libc::PR_SET_PDEATHSIG), is_long(1, libc::SIGKILL as u64)],
            &[is(0, libc::PR_SET_NO_NEW_PRIVS), is_long(1, 1)],
            &[is(0, libc::PR_SET_NAME)],
            &[is(0, libc::PR_GET_NAME)],
        ],
        Refuse(libc::EPERM),
        "the child's seal; its name in ps",
    ),
    allow_when(libc::SYS_prlimit64, &[&[is(0, 0)]], Refuse(libc::EPERM), "the child's own limits, which only go down"),
    allow(libc::SYS_getrlimit, "the same, to see what is left"),
    allow(libc::SYS_setrlimit, "the same by its old name"),
];
