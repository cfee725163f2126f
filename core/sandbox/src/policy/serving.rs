//! What every worker needs all the time: its channels, its memory, the clock, its end.

use super::Verdict::Refuse;
use super::row::{Row, allow, allow_when, bits, is, own_pid};

const NO_EXECUTE: &[&[super::Check]] = &[&[bits(2, libc::PROT_EXEC, 0)]];

/// What no mapping is made with. The kernel takes one that grows down for a stack, which RLIMIT_DATA does not count; huge
/// and locked pages are not ours to reserve.
pub(super) const NO_SUCH_MAPPING: i32 = libc::MAP_GROWSDOWN | libc::MAP_HUGETLB | libc::MAP_LOCKED;
/// The flags by which anonymous memory is told from files, and those that must not be there.
pub(super) const LOOKED_AT: i32 = libc::MAP_ANONYMOUS | libc::MAP_TYPE | NO_SUCH_MAPPING;

/// Allowed at every stage of a template, a microprocess and a zone.
pub const ROWS: &[Row] = &[
    // Channels and the control socket.
    allow(libc::SYS_futex, "sleeps on a call channel and wakes its other side; locks of the C library"),
    allow(libc::SYS_futex_waitv, "a zone sleeps on all its channels at once"),
    allow(libc::SYS_recvmsg, "the control socket"),
    allow_when(
        libc::SYS_sendmsg,
        &[&[bits(2, libc::MSG_FASTOPEN, 0)]],
        Refuse(libc::EACCES),
        "the control socket; never connects, as MSG_FASTOPEN would",
    ),
    allow(libc::SYS_pread64, "long control messages, which come in a sealed memfd"),
    allow(libc::SYS_fstat, "the size of a channel's memory before it is mapped"),
    allow(libc::SYS_close, "channels that are over"),
    allow_when(
        libc::SYS_fcntl,
        &[
            &[is(1, libc::F_GET_SEALS)],
            &[is(1, libc::F_GETFD)],
            &[is(1, libc::F_SETFD)],
            &[is(1, libc::F_GETFL)],
            &[is(1, libc::F_DUPFD_CLOEXEC)],
        ],
        Refuse(libc::EACCES),
        "seals of a channel's memory; std looks at and copies descriptors",
    ),
    allow(libc::SYS_poll, "std, and waiting on the control socket with a time limit"),
    allow(libc::SYS_ppoll, "the same"),
    // Output.
    allow(libc::SYS_write, "print: standard output and error"),
    allow(libc::SYS_writev, "the same, in pieces"),
    // Memory. Executable memory is for the loading stage, and only out of files.
    allow_when(
        libc::SYS_mmap,
        &[
            &[bits(2, libc::PROT_EXEC, 0), bits(3, LOOKED_AT, libc::MAP_ANONYMOUS | libc::MAP_PRIVATE)],
            &[bits(2, libc::PROT_EXEC, 0), bits(3, libc::MAP_ANONYMOUS | NO_SUCH_MAPPING, 0)],
        ],
        Refuse(libc::EACCES),
        "memory and channels; not executable, and anonymous memory only private, where RLIMIT_DATA counts it",
    ),
    allow_when(libc::SYS_mprotect, NO_EXECUTE, Refuse(libc::EACCES), "allocators and thread stacks; never executable"),
    allow(libc::SYS_munmap, "memory"),
    allow(libc::SYS_madvise, "allocators give memory back; channels punch holes"),
    allow(libc::SYS_brk, "malloc"),
    // Time and processor.
    allow(libc::SYS_clock_gettime, "deadlines, where the vDSO cannot read the clock itself"),
    allow(libc::SYS_clock_getres, "time.get_clock_info"),
    allow(libc::SYS_gettimeofday, "the same by its old name"),
    allow(libc::SYS_clock_nanosleep, "time.sleep"),
    allow(libc::SYS_nanosleep, "the same by its old name"),
    allow(libc::SYS_sched_yield, "the last turns of a spin before it sleeps"),
    allow(libc::SYS_getcpu, "is the other side running on this core?"),
    allow_when(libc::SYS_sched_getaffinity, &[&[is(0, 0)]], Refuse(libc::EPERM), "how many cores there are to spin on"),
    // Randomness.
    allow(libc::SYS_getrandom, "hash seeds, random, and what libraries need keys for"),
    // Signals to oneself, and the end.
    allow(libc::SYS_rt_sigreturn, "returns from signal handlers"),
    allow(libc::SYS_rt_sigaction, "handlers of one's own; none can catch SIGKILL"),
    allow(libc::SYS_rt_sigprocmask, "abort, and locks of the C library"),
    allow(libc::SYS_sigaltstack, "std's message about a stack overflow"),
    allow(libc::SYS_restart_syscall, "sleeps on after it was stopped and continued"),
    allow_when(
        libc::SYS_tgkill,
        &[&[own_pid(0), is(2, libc::SIGABRT)]],
        Refuse(libc::EPERM),
        "abort(), which sends SIGABRT to itself",
    ),
    allow(libc::SYS_exit, "ends a thread"),
    allow(libc::SYS_exit_group, "ends the process"),
    // The process's own identity.
    allow(libc::SYS_getpid, "abort, and os.getpid"),
    allow(libc::SYS_gettid, "abort"),
    allow(libc::SYS_getuid, "libraries that ask whether they run set-uid"),
    allow(libc::SYS_geteuid, "the same"),
    allow(libc::SYS_getgid, "the same"),
    allow(libc::SYS_getegid, "the same"),
    // Everything else about a process is set once, by the launcher.
    allow_when(
        libc::SYS_prctl,
        &[&[is(0, libc::PR_GET_NAME)]],
        Refuse(libc::EPERM),
        "mimalloc and the C library name their memory and do without",
    ),
];
