//! What has no honest use in here: whoever asks has been taken over. What honest libraries try as well, to find out whether
//! it is there, stands in [`super::refused`].

use super::row::{Row, kill};

/// Death, in every worker. Each line is a known way out of a sandbox, or a part of the kernel with many of them.
pub const ROWS: &[Row] = &[
    // Other programs.
    kill(libc::SYS_execve, "runs another program"),
    kill(libc::SYS_execveat, "runs another program"),
    // Other processes' memory and descriptors.
    kill(libc::SYS_ptrace, "steers another process"),
    kill(libc::SYS_process_vm_readv, "reads another process"),
    kill(libc::SYS_process_vm_writev, "writes another process"),
    kill(libc::SYS_process_madvise, "another process's memory"),
    kill(libc::SYS_process_mrelease, "another process's memory"),
    kill(libc::SYS_pidfd_getfd, "steals descriptors"),
    kill(libc::SYS_pidfd_send_signal, "signals another process"),
    kill(libc::SYS_rt_sigqueueinfo, "signals with a forged sender"),
    kill(libc::SYS_rt_tgsigqueueinfo, "signals with a forged sender"),
    kill(libc::SYS_migrate_pages, "another process's memory"),
    kill(libc::SYS_get_robust_list, "another process's pointers"),
    // Large and often broken parts of the kernel.
    kill(libc::SYS_bpf, "programs inside the kernel"),
    kill(libc::SYS_userfaultfd, "stalls whoever touches a page"),
    kill(libc::SYS_io_uring_enter, "system calls that no filter sees; no ring can be set up"),
    kill(libc::SYS_io_uring_register, "system calls that no filter sees"),
    kill(libc::SYS_fanotify_init, "watches files"),
    kill(libc::SYS_vmsplice, "gifts pages to pipes"),
    kill(libc::SYS_remap_file_pages, "rewires mappings"),
    // Namespaces and mounts.
    kill(libc::SYS_unshare, "new namespaces bring new capabilities"),
    kill(libc::SYS_setns, "other namespaces"),
    kill(libc::SYS_mount, "mounts"),
    kill(libc::SYS_umount2, "mounts"),
    kill(libc::SYS_pivot_root, "mounts"),
    kill(libc::SYS_chroot, "mounts"),
    kill(libc::SYS_open_tree, "mounts"),
    kill(libc::SYS_move_mount, "mounts"),
    kill(libc::SYS_fsopen, "mounts"),
    kill(libc::SYS_fsconfig, "mounts"),
    kill(libc::SYS_fsmount, "mounts"),
    kill(libc::SYS_fspick, "mounts"),
    kill(libc::SYS_mount_setattr, "mounts"),
    // Files by other means than a path.
    kill(libc::SYS_open_by_handle_at, "opens behind the path's back"),
    // The rules themselves.
    kill(libc::SYS_seccomp, "the last filter is on"),
    kill(libc::SYS_landlock_create_ruleset, "the last rules are on"),
    kill(libc::SYS_landlock_add_rule, "the last rules are on"),
    kill(libc::SYS_landlock_restrict_self, "the last rules are on"),
    kill(libc::SYS_personality, "makes readable memory executable, addresses predictable"),
    // The machine.
    kill(libc::SYS_reboot, "the machine"),
    kill(libc::SYS_kexec_load, "another kernel"),
    kill(libc::SYS_kexec_file_load, "another kernel"),
    kill(libc::SYS_init_module, "code inside the kernel"),
    kill(libc::SYS_finit_module, "code inside the kernel"),
    kill(libc::SYS_delete_module, "code inside the kernel"),
    kill(libc::SYS_swapon, "the machine"),
    kill(libc::SYS_swapoff, "the machine"),
    kill(libc::SYS_acct, "the machine"),
    kill(libc::SYS_quotactl, "the machine"),
    kill(libc::SYS_syslog, "the kernel's messages"),
    kill(libc::SYS_settimeofday, "the machine's clock"),
    kill(libc::SYS_clock_settime, "the machine's clock"),
    kill(libc::SYS_clock_adjtime, "the machine's clock"),
    kill(libc::SYS_adjtimex, "the machine's clock"),
    kill(libc::SYS_sethostname, "the machine's name"),
    kill(libc::SYS_setdomainname, "the machine's name"),
    kill(libc::SYS_vhangup, "somebody's terminal"),
];
