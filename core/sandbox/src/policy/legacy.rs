//! Names that newer machines no longer have: each is an older form of a call in another table.

use super::row::{Row, allow, kill, refuse};
use libc::{EACCES, ENOSYS, EPERM};

/// In every worker.
pub const ALLOWED: &[Row] = &[allow(libc::SYS_time, "the clock, where the vDSO cannot read it itself")];

/// Where files may be looked at.
pub const LOADING: &[Row] = &[
    allow(libc::SYS_stat, "newfstatat"),
    allow(libc::SYS_lstat, "newfstatat"),
    allow(libc::SYS_access, "faccessat"),
    allow(libc::SYS_readlink, "readlinkat"),
];

/// Where files may be changed.
pub const WRITING: &[Row] = &[
    allow(libc::SYS_mkdir, "mkdirat"),
    allow(libc::SYS_rmdir, "unlinkat"),
    allow(libc::SYS_unlink, "unlinkat: databases remove their journals"),
    allow(libc::SYS_rename, "renameat"),
];

/// Answered with an error.
pub const REFUSED: &[Row] = &[
    refuse(libc::SYS_open, EACCES, "openat"),
    refuse(libc::SYS_creat, EACCES, "openat"),
    refuse(libc::SYS_stat, EACCES, "newfstatat"),
    refuse(libc::SYS_lstat, EACCES, "newfstatat"),
    refuse(libc::SYS_access, EACCES, "faccessat"),
    refuse(libc::SYS_readlink, EACCES, "readlinkat"),
    refuse(libc::SYS_getdents, EACCES, "getdents64"),
    refuse(libc::SYS_mkdir, EACCES, "mkdirat"),
    refuse(libc::SYS_rmdir, EACCES, "unlinkat"),
    refuse(libc::SYS_unlink, EACCES, "unlinkat"),
    refuse(libc::SYS_rename, EACCES, "renameat"),
    refuse(libc::SYS_link, EACCES, "linkat"),
    refuse(libc::SYS_symlink, EACCES, "symlinkat"),
    refuse(libc::SYS_chmod, EACCES, "fchmodat"),
    refuse(libc::SYS_chown, EACCES, "fchownat"),
    refuse(libc::SYS_lchown, EACCES, "fchownat"),
    refuse(libc::SYS_utime, EACCES, "utimensat"),
    refuse(libc::SYS_utimes, EACCES, "utimensat"),
    refuse(libc::SYS_fork, EPERM, "clone"),
    refuse(libc::SYS_vfork, EPERM, "clone"),
    refuse(libc::SYS_alarm, EPERM, "setitimer"),
    refuse(libc::SYS_getpgrp, EPERM, "one session, for ever"),
    refuse(libc::SYS_arch_prctl, ENOSYS, "thread pointers are set; shadow stacks are the loader's"),
];

/// Death.
pub const KILLED: &[Row] = &[
    kill(libc::SYS_modify_ldt, "16-bit segments"),
    kill(libc::SYS_iopl, "ports of the machine"),
    kill(libc::SYS_ioperm, "ports of the machine"),
    kill(libc::SYS_uselib, "loads a library by path"),
    kill(libc::SYS__sysctl, "the machine"),
];
