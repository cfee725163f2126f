//! What a zone needs whose manifest names `files`. Which files is for the mounts and Landlock to say.

use super::Verdict::Refuse;
use super::row::{Row, allow, allow_when, bits, is};

/// Everything by which `openat` could change something.
const CHANGES: i32 =
    libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND | (libc::O_TMPFILE & !libc::O_DIRECTORY);

/// To read them.
pub const READ: &[Row] = &[
    allow_when(libc::SYS_openat, &[&[bits(2, CHANGES, libc::O_RDONLY)]], Refuse(libc::EACCES), "opens them, to read"),
    allow(libc::SYS_read, "reads them"),
    allow(libc::SYS_readv, "the same, in pieces"),
    allow(libc::SYS_lseek, "moves in them"),
    allow(libc::SYS_newfstatat, "looks at them"),
    allow(libc::SYS_statx, "the same"),
    allow(libc::SYS_faccessat, "asks whether they are there"),
    allow(libc::SYS_faccessat2, "the same"),
    allow(libc::SYS_readlinkat, "follows links among them"),
    allow(libc::SYS_getcwd, "makes relative names absolute"),
    allow(libc::SYS_getdents64, "lists folders"),
];

/// To write them as well.
pub const WRITE: &[Row] = &[
    allow(libc::SYS_openat, "opens them, to read and to write"),
    allow(libc::SYS_pwrite64, "writes"),
    allow(libc::SYS_ftruncate, "sets their length"),
    allow(libc::SYS_fsync, "waits for the disk"),
    allow(libc::SYS_fdatasync, "the same"),
    allow(libc::SYS_mkdirat, "makes folders"),
    allow(libc::SYS_unlinkat, "removes"),
    allow(libc::SYS_renameat, "renames"),
    allow(libc::SYS_renameat2, "the same"),
    allow_when(
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
        ],
        Refuse(libc::EACCES),
        "as without files, and locks: databases need them",
    ),
];
