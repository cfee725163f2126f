//! What a zone needs besides while its library is loaded, constructors included.

use super::Verdict::{Kill, Refuse};
use super::row::{Row, allow, allow_when, bits, is, is_long};
use super::serving::{LOOKED_AT, NO_SUCH_MAPPING};

/// Everything by which `openat` could change something.
const CHANGES: i32 =
    libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND | (libc::O_TMPFILE & !libc::O_DIRECTORY);

/// Allowed until the seal.
pub const ROWS: &[Row] = &[
    // The dynamic loader.
    allow_when(
        libc::SYS_openat,
        &[&[bits(2, CHANGES, libc::O_RDONLY)]],
        Refuse(libc::EACCES),
        "the loader opens the library and what it needs; Landlock says which files those are",
    ),
    allow(libc::SYS_read, "the loader reads headers"),
    allow(libc::SYS_lseek, "the same"),
    allow(libc::SYS_newfstatat, "the loader compares files"),
    allow(libc::SYS_statx, "std does"),
    allow(libc::SYS_faccessat, "the loader looks for /etc/ld.so.preload, and does not find it"),
    allow(libc::SYS_faccessat2, "the same"),
    allow(libc::SYS_readlinkat, "$ORIGIN in a library's search path"),
    allow(libc::SYS_getcwd, "the same"),
    allow_when(
        libc::SYS_mmap,
        &[
            &[bits(2, libc::PROT_EXEC, 0), bits(3, LOOKED_AT, libc::MAP_ANONYMOUS | libc::MAP_PRIVATE)],
            &[bits(2, libc::PROT_EXEC, 0), bits(3, libc::MAP_ANONYMOUS | NO_SUCH_MAPPING, 0)],
            &[bits(2, libc::PROT_EXEC | libc::PROT_WRITE, libc::PROT_EXEC), bits(3, LOOKED_AT, libc::MAP_PRIVATE)],
        ],
        Refuse(libc::EACCES),
        "text of libraries: executable only as a private copy of a file, and never writable too",
    ),
    // The seal.
    allow(libc::SYS_landlock_create_ruleset, "the seal's Landlock rules, which can only take away"),
    allow(libc::SYS_landlock_add_rule, "the same"),
    allow(libc::SYS_landlock_restrict_self, "the same"),
    allow_when(
        libc::SYS_seccomp,
        &[
            &[is(0, libc::SECCOMP_SET_MODE_FILTER as i32), is_long(1, 0)],
            &[is(0, libc::SECCOMP_SET_MODE_FILTER as i32), is_long(1, libc::SECCOMP_FILTER_FLAG_TSYNC)],
        ],
        Kill,
        "the seal's filter; filters can only take away",
    ),
    allow_when(
        libc::SYS_prctl,
        &[&[is(0, libc::PR_SET_NO_NEW_PRIVS), is_long(1, 1)], &[is(0, libc::PR_GET_NAME)]],
        Refuse(libc::EPERM),
        "Landlock's and seccomp's condition, which is met already",
    ),
    // The zone's own limits, once it knows how much the library takes.
    allow_when(libc::SYS_prlimit64, &[&[is(0, 0)]], Refuse(libc::EPERM), "limits only go down"),
];
