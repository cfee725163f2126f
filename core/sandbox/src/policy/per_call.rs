//! What a zone needs besides that runs each call in a process of its own: it forks, waits, and its children put on the rest
//! of the seal.
//!
//! | table | who is in it |
//! |---|---|
//! | [`FORK_SERVER`], [`APART`] | the zone, library constructors included, from loading on |
//! | [`LOOK`], [`LOOK_APART`] | the zone until its seal, to see whether it is alone |
//! | [`CHILD`] | what each call's process gives up: with it, it may do exactly what a sealed zone may that does not fork |
//!
//! # What a constructor could do with it
//!
//! The fork server runs no code of the library's once it has loaded: signals are blocked, raw `clone` calls no handlers, and it
//! ends without destructors. So these rows matter to constructors, which run before the seal. One that is hostile may
//! make processes, which stay behind unsealed, with the rights of the loading stage. That is bounded, and looked for:
//!
//! - `RLIMIT_NPROC` lets it have one process for a call and those that the manifest names (`processes`), where there is a user
//!   namespace; without one the kernel would count the user's other processes, and there is no such bound.
//! - They are in the zone's namespaces and end with it, at the latest when the broker hangs up.
//! - The seal asks the kernel whether the zone has other threads or processes and ends a zone that has. Only a filter of
//!   the constructor's own could hide them, as it can hide that the seal is not on ("What binds whom" at the crate's top).
//!
//! SIGABRT may be sent to any process of the pid namespace, which are the zone's own: a filter cannot know the number of
//! a child that is not made yet. Without a pid namespace that row is missing; `abort` in a call then ends with SIGSEGV,
//! by the C library's last resort.

use super::Verdict::{Kill, Refuse};
use super::row::{Row, allow, allow_when, is, is_long, kill, own_pid, refuse};
use super::threads::THREAD;

/// Exactly what a fork for a call is made with.
pub const FORK: u64 = libc::SIGCHLD as u64;

/// Forks.
pub const FORKS: &[Row] =
    &[allow_when(libc::SYS_clone, &[&[is_long(0, FORK)]], Refuse(libc::EPERM), "the process of one call")];

/// The same where the manifest lets there be threads.
pub const FORKS_AND_THREADS: &[Row] = &[allow_when(
    libc::SYS_clone,
    &[&[is_long(0, FORK)], &[is_long(0, THREAD)]],
    Refuse(libc::EPERM),
    "the process of one call; threads that its library makes",
)];

/// Allowed from loading on.
pub const FORK_SERVER: &[Row] = &[
    allow(libc::SYS_wait4, "how a call's process has ended"),
    allow(libc::SYS_getppid, "a call's process looks whether its fork server is still there"),
    allow_when(
        libc::SYS_seccomp,
        &[
            &[is(0, libc::SECCOMP_SET_MODE_FILTER as i32), is_long(1, 0)],
            &[is(0, libc::SECCOMP_SET_MODE_FILTER as i32), is_long(1, libc::SECCOMP_FILTER_FLAG_TSYNC)],
        ],
        Kill,
        "the seal of each call's process; filters can only take away",
    ),
    allow_when(
        libc::SYS_prctl,
        &[
            &[is(0, libc::PR_SET_PDEATHSIG), is_long(1, libc::SIGKILL as u64)],
            &[is(0, libc::PR_SET_NO_NEW_PRIVS), is_long(1, 1)],
            &[is(0, libc::PR_GET_NAME)],
        ],
        Refuse(libc::EPERM),
        "a call's process ends with its fork server; the condition of its filter, which is met already",
    ),
];

/// Allowed from loading on, in a pid namespace.
pub const APART: &[Row] = &[allow_when(
    libc::SYS_tgkill,
    &[&[is(2, libc::SIGABRT)]],
    Refuse(libc::EPERM),
    "abort() in a call's process, which narrows it to itself: its number is not known yet",
)];

/// Allowed until the seal.
pub const LOOK: &[Row] = &[allow_when(
    libc::SYS_unshare,
    &[&[is_long(0, libc::CLONE_THREAD as u64)]],
    Kill,
    "has a constructor made threads? It does nothing but fail if there are any",
)];

/// Allowed until the seal, in a pid namespace.
pub const LOOK_APART: &[Row] = &[allow_when(
    libc::SYS_kill,
    &[&[is(0, -1), is_long(1, 0)]],
    Refuse(libc::EPERM),
    "has a constructor made processes? Nothing is sent",
)];

/// Taken away from each call's process; everything else stays as the fork server's filter has it. As little as that: this
/// filter is put on at every call, and its length is part of that time.
pub const CHILD: &[Row] = &[
    refuse(libc::SYS_wait4, libc::ECHILD, "there are no children"),
    refuse(libc::SYS_getppid, libc::EPERM, "nobody's business"),
    kill(libc::SYS_seccomp, "the last filter is on"),
    allow_when(libc::SYS_prctl, &[&[is(0, libc::PR_GET_NAME)]], Refuse(libc::EPERM), "as in any zone that is sealed"),
    allow_when(
        libc::SYS_tgkill,
        &[&[own_pid(0), is(2, libc::SIGABRT)]],
        Refuse(libc::EPERM),
        "abort() is for oneself: the fork server has a number in here too",
    ),
];

/// No process, and no thread.
pub const CHILDLESS: &[Row] = &[refuse(libc::SYS_clone, libc::EPERM, "popen and system, which then fail")];

/// No process.
pub const THREADS_ALONE: &[Row] = &[allow_when(
    libc::SYS_clone,
    &[&[is_long(0, THREAD)]],
    Refuse(libc::EPERM),
    "threads of this process; never a process",
)];
