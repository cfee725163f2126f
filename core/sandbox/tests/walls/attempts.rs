//! The attempts, as data: what is tried, what it comes to outside, and what it has to come to at each stage.
//!
//! They are system calls made by number, as code that has been taken over would make them: no library is in the way.

use crate::network;
use crate::prisoner::{STAGES, Stage};
use crate::service;
use crate::sweep;
use crate::warden::Outcome::{self, Done, Exited, Failed, Killed};
use cloison_contract::interface::FileRule;
use cloison_sandbox::policy::Verdict;
use libc::{EACCES, ECHILD, EFAULT, EINVAL, ENOENT, ENOSYS, ENOTTY, EPERM, SIGSYS};
use std::ffi::CStr;
use std::path::Path;

/// What prisoners load: a library of the C library's own that this binary is not linked with.
pub const LIBRARIES: [&str; 3] =
    ["/usr/lib/x86_64-linux-gnu/libresolv.so.2", "/usr/lib64/libresolv.so.2", "/usr/lib/libresolv.so.2"];

/// Makes an attempt: gives a number of its own, or minus an error number.
pub type Make = fn() -> i64;

/// One attempt.
pub struct Attempt {
    pub name: &'static str,
    pub make: Make,
    /// Outside; `None` where it must not be made, or where systems differ.
    pub control: Option<Outcome>,
    /// As template, microprocess, zone before and after its seal.
    pub inside: [Outcome; 4],
}

const SYS: Outcome = Killed(SIGSYS);

const fn all(outcome: Outcome) -> [Outcome; 4] {
    [outcome; 4]
}

const fn attempt(name: &'static str, make: Make, control: Option<Outcome>, inside: [Outcome; 4]) -> Attempt {
    Attempt { name, make, control, inside }
}

/// Everything that is tried.
pub const ATTEMPTS: &[Attempt] = &[
    attempt("nothing", || 0, Some(Done(0)), all(Done(0))),
    // Files (N01-N03, N08). The loading stage may open; there is nothing there.
    attempt(
        "open_passwd",
        open_passwd,
        Some(Done(1)),
        [Failed(EACCES), Failed(EACCES), Failed(ENOENT), Failed(EACCES)],
    ),
    attempt(
        "open_by_old_name",
        || opened(call(libc::SYS_open, &[path(c"/etc/passwd"), 0])),
        Some(Done(1)),
        all(Failed(EACCES)),
    ),
    attempt("open_to_write", || opened(open(c"/dev/null", libc::O_WRONLY)), Some(Done(1)), all(Failed(EACCES))),
    attempt("create", || opened(open(c"/tmp/cloison-crime", libc::O_RDWR | libc::O_CREAT)), None, all(Failed(EACCES))),
    attempt("openat2", openat2, Some(Done(1)), all(Failed(ENOSYS))),
    attempt("open_own_memory", || opened(open(c"/proc/self/mem", libc::O_RDWR)), Some(Done(1)), all(Failed(EACCES))),
    attempt(
        "read_own_environment",
        || opened(open(c"/proc/self/environ", 0)),
        Some(Done(1)),
        [Failed(EACCES), Failed(EACCES), Failed(ENOENT), Failed(EACCES)],
    ),
    attempt("list_loader_folder", || opened(open(c"/usr/lib", libc::O_DIRECTORY)), Some(Done(1)), all(Failed(EACCES))),
    attempt(
        "stat_passwd",
        stat_passwd,
        Some(Done(0)),
        [Failed(EACCES), Failed(EACCES), Failed(ENOENT), Failed(EACCES)],
    ),
    attempt(
        "file_handle",
        || call(libc::SYS_name_to_handle_at, &[0, 0, 0, 0, 0]),
        Some(Failed(EFAULT)),
        all(Failed(ENOSYS)),
    ),
    attempt("open_by_handle", || call(libc::SYS_open_by_handle_at, &[-1, 0, 0]), Some(Failed(EFAULT)), all(SYS)),
    attempt("mkdir", || call(libc::SYS_mkdir, &[path(c"/"), 0]), Some(Failed(libc::EEXIST)), all(Failed(EACCES))),
    attempt("chroot", || call(libc::SYS_chroot, &[path(c"/nowhere")]), Some(Failed(ENOENT)), all(SYS)),
    // Networks (N33-N36).
    attempt("every_socket", every_socket, Some(Done(1)), all(Failed(EACCES))),
    attempt("socketpair", socketpair, Some(Done(0)), all(Failed(EACCES))),
    // Other programs (N17).
    attempt("execve", || exec(libc::SYS_execve), Some(Exited(0)), all(SYS)),
    attempt("execveat", || exec(libc::SYS_execveat), Some(Exited(0)), all(SYS)),
    // Other processes (N07-N16).
    attempt("ptrace", || call(libc::SYS_ptrace, &[0, 0, 0, 0]), Some(Done(0)), all(SYS)),
    attempt("signal_everybody", || call(libc::SYS_kill, &[-1, 0]), Some(Done(0)), all(Failed(EPERM))),
    attempt(
        "signal_a_thread",
        || call(libc::SYS_tgkill, &[own_pid(), own_pid(), 0]),
        Some(Done(0)),
        all(Failed(EPERM)),
    ),
    attempt("abort_a_neighbour", abort_a_neighbour, None, all(Failed(EPERM))),
    attempt("forged_signal", || call(libc::SYS_rt_sigqueueinfo, &[own_pid(), 0, 0]), Some(Failed(EFAULT)), all(SYS)),
    attempt("read_memory", read_memory, Some(Done(8)), all(SYS)),
    attempt("pidfd", || opened(call(libc::SYS_pidfd_open, &[own_pid(), 0])), Some(Done(1)), all(Failed(ENOSYS))),
    attempt("steal_descriptor", || call(libc::SYS_pidfd_getfd, &[-1, 0, 0]), Some(Failed(libc::EBADF)), all(SYS)),
    attempt(
        "compare_kernel_pointers",
        || call(libc::SYS_kcmp, &[own_pid(), own_pid(), 0, 0, 0]),
        None,
        all(Failed(EPERM)),
    ),
    attempt("move_pages", || call(libc::SYS_move_pages, &[0, 0, 0, 0, 0, 0]), Some(Done(0)), all(Failed(EPERM))),
    attempt("fork", || forked(call(libc::SYS_fork, &[])), Some(Done(1)), all(Failed(EPERM))),
    attempt("vfork", || forked(call(libc::SYS_vfork, &[])), None, all(Failed(EPERM))),
    attempt(
        "clone",
        || forked(call(libc::SYS_clone, &[libc::SIGCHLD.into(), 0, 0, 0, 0])),
        Some(Done(1)),
        all(Failed(EPERM)),
    ),
    attempt("start_a_thread", start_a_thread, Some(Done(1)), all(Failed(EPERM))),
    attempt("clone3", || call(libc::SYS_clone3, &[0, 0]), Some(Failed(EINVAL)), all(Failed(ENOSYS))),
    attempt("wait", || call(libc::SYS_wait4, &[-1, 0, 1, 0]), Some(Failed(ECHILD)), all(Failed(ECHILD))),
    attempt("priority", || call(libc::SYS_setpriority, &[0, 0, 19]), Some(Done(0)), all(Failed(EPERM))),
    attempt("schedule", || call(libc::SYS_sched_setscheduler, &[0, 0, 0]), Some(Failed(EINVAL)), all(Failed(EPERM))),
    // Memory as code (N18-N23).
    attempt(
        "map_writable_code",
        || mapped(map(7, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)),
        Some(Done(1)),
        all(Failed(EACCES)),
    ),
    attempt(
        "map_code",
        || mapped(map(5, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)),
        Some(Done(1)),
        all(Failed(EACCES)),
    ),
    attempt("written_to_code", written_to_code, Some(Done(0)), all(Failed(EACCES))),
    attempt(
        "written_to_code_by_key",
        || call(libc::SYS_pkey_mprotect, &[0, 0, 4, -1]),
        Some(Done(0)),
        all(Failed(EPERM)),
    ),
    attempt(
        "shared_without_name",
        || mapped(map(3, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1)),
        Some(Done(1)),
        all(Failed(EACCES)),
    ),
    attempt(
        "memory_that_grows_down",
        || mapped(map(3, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN, -1)),
        Some(Done(1)),
        all(Failed(EACCES)),
    ),
    attempt(
        "memory_that_is_locked",
        || mapped(map(3, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_LOCKED, -1)),
        Some(Done(1)),
        all(Failed(EACCES)),
    ),
    attempt(
        "memory_in_huge_pages",
        || mapped(map(3, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_HUGETLB, -1)),
        None,
        all(Failed(EACCES)),
    ),
    attempt("grow_the_stack", || mapped(grow_the_stack()), Some(Done(1)), all(Failed(libc::ENOMEM))),
    attempt(
        "memfd_of_a_long_message",
        || opened(call(libc::SYS_memfd_create, &[path(c"x"), (libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING).into()])),
        Some(Done(1)),
        [Done(1), Failed(EACCES), Failed(EACCES), Failed(EACCES)],
    ),
    attempt(
        "shared_file_as_code",
        || mapped(map(5, libc::MAP_SHARED, -1)),
        Some(Failed(libc::EBADF)),
        all(Failed(EACCES)),
    ),
    attempt("memfd", || opened(call(libc::SYS_memfd_create, &[path(c"x"), 0])), Some(Done(1)), all(Failed(EACCES))),
    attempt("personality", || call(libc::SYS_personality, &[0xffff_ffff]), Some(Done(0)), all(SYS)),
    attempt("segments", || call(libc::SYS_modify_ldt, &[0, 0, 0]), None, all(SYS)),
    attempt("lock_memory", || call(libc::SYS_mlock, &[0, 0]), Some(Done(0)), all(Failed(EPERM))),
    // Second names (N24, N25). Without 32-bit emulation the control dies of another signal.
    attempt("int_0x80", int_0x80, None, all(SYS)),
    attempt("x32", || call(0x4000_0000 | libc::SYS_getpid, &[]), Some(Failed(ENOSYS)), all(SYS)),
    attempt("negative_number", || call(-7, &[]), Some(Failed(ENOSYS)), all(SYS)),
    attempt("unknown_number", || call(1999, &[]), Some(Failed(ENOSYS)), all(Failed(ENOSYS))),
    // Wide parts of the kernel (N27-N32).
    attempt("io_uring", || call(libc::SYS_io_uring_setup, &[1, 0]), None, all(Failed(ENOSYS))),
    attempt("io_uring_enter", || call(libc::SYS_io_uring_enter, &[-1, 0, 0, 0, 0]), None, all(SYS)),
    attempt("bpf", || call(libc::SYS_bpf, &[0, 0, 0]), None, all(SYS)),
    attempt("perf", || call(libc::SYS_perf_event_open, &[0, 0, 0, 0, 0]), None, all(Failed(EACCES))),
    attempt("userfaultfd", || call(libc::SYS_userfaultfd, &[1]), None, all(SYS)),
    attempt("keys", || call(libc::SYS_keyctl, &[0, -3, 0]), None, all(Failed(ENOSYS))),
    attempt("unshare", || call(libc::SYS_unshare, &[0]), Some(Done(0)), all(SYS)),
    attempt("setns", || call(libc::SYS_setns, &[-1, 0]), Some(Failed(libc::EBADF)), all(SYS)),
    attempt("mount", || call(libc::SYS_mount, &[0, 0, 0, 0, 0]), None, all(SYS)),
    attempt("open_tree", || call(libc::SYS_open_tree, &[-1, 0, 0]), Some(Failed(EFAULT)), all(SYS)),
    attempt("fsopen", || call(libc::SYS_fsopen, &[0, 0]), None, all(SYS)),
    // The rules themselves (N53, N65).
    attempt("dumpable", || call(libc::SYS_prctl, &[4, 1, 0, 0, 0]), Some(Done(0)), all(Failed(EPERM))),
    attempt("outlive_the_broker", || call(libc::SYS_prctl, &[1, 0, 0, 0, 0]), Some(Done(0)), all(Failed(EPERM))),
    attempt("listen_to_seccomp", || call(libc::SYS_seccomp, &[1, 8, 0]), Some(Failed(EFAULT)), all(SYS)),
    attempt("another_filter", || call(libc::SYS_seccomp, &[1, 0, 0]), None, [Failed(EFAULT), SYS, Failed(EFAULT), SYS]),
    attempt(
        "another_ruleset",
        || opened(call(libc::SYS_landlock_create_ruleset, &[0, 0, 1])),
        None,
        [SYS, SYS, Done(1), SYS],
    ),
    attempt("catch_sigsys", catch_sigsys, Some(Failed(EFAULT)), all(SYS)),
    // Identity and limits (N54, N56-N58, N64).
    attempt("set_uid", || call(libc::SYS_setuid, &[0]), None, all(Failed(EPERM))),
    attempt("capset", || call(libc::SYS_capset, &[0, 0]), Some(Failed(EFAULT)), all(Failed(EPERM))),
    attempt("raise_limits", raise_core_limit, None, [Failed(EPERM), Failed(EPERM), Failed(EPERM), Failed(EPERM)]),
    attempt("timer", || call(libc::SYS_setitimer, &[0, 0, 0]), Some(Done(0)), all(Failed(EPERM))),
    attempt("alarm", || call(libc::SYS_alarm, &[0]), Some(Done(0)), all(Failed(EPERM))),
    attempt("timer_object", || call(libc::SYS_timer_create, &[1, 0, 0]), Some(Failed(EFAULT)), all(Failed(EPERM))),
    attempt("timer_descriptor", || call(libc::SYS_timerfd_create, &[-1, 0]), Some(Failed(EINVAL)), all(Failed(ENOSYS))),
    attempt("event_descriptor", || opened(call(libc::SYS_eventfd2, &[0, 0])), Some(Done(1)), all(Failed(ENOSYS))),
    attempt("memory_policy", || call(libc::SYS_get_mempolicy, &[0, 0, 0, 0, 0]), None, all(Failed(ENOSYS))),
    // The terminal (N61) and the machine (N60, N62, N63): no controls.
    attempt("type_into_terminal", || call(libc::SYS_ioctl, &[0, 0x5412, 0]), Some(Failed(ENOTTY)), all(Failed(ENOTTY))),
    attempt("set_clock", || call(libc::SYS_clock_settime, &[0, 0]), None, all(SYS)),
    attempt("reboot", || call(libc::SYS_reboot, &[0, 0, 0, 0]), None, all(SYS)),
    attempt("load_module", || call(libc::SYS_init_module, &[0, 0, 0]), None, all(SYS)),
    attempt("kernel_messages", || call(libc::SYS_syslog, &[-1, 0, 0]), None, all(SYS)),
    attempt("ports", || call(libc::SYS_iopl, &[0]), None, all(SYS)),
    // System V (N55).
    attempt("shared_segment", shmget, Some(Done(1)), all(Failed(EACCES))),
    // What has to go on working.
    attempt("abort", abort, Some(Killed(libc::SIGABRT)), all(Killed(libc::SIGABRT))),
    attempt("print", || call(libc::SYS_write, &[2, path(c"x"), 1]), Some(Done(1)), all(Done(1))),
    attempt("allocate", || mapped(map(3, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)), Some(Done(1)), all(Done(1))),
    attempt("clock", clock, Some(Done(0)), all(Done(0))),
    attempt("random", random, Some(Done(8)), all(Done(8))),
    attempt("nobody", || call(libc::SYS_getuid, &[]), None, all(Done(65534))),
    attempt("ids_on_the_stack", ids_on_the_stack, None, all(Done(65534))),
    attempt("path_on_the_stack", path_on_the_stack, Some(Done(1)), all(Done(0))),
];

/// An attempt that belongs to a test of its own.
pub const OTHERS: &[(&str, Make)] = &[
    ("open_descriptors", open_descriptors),
    ("open_shadow", || opened(open(c"/etc/shadow", 0))),
    ("connect", connect),
    ("many_descriptors", many_descriptors),
    ("much_memory", || mapped(map_bytes(1 << 30, 3, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1))),
    ("much_to_read", || {
        mapped(map_bytes(400 << 30, 1, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE, -1))
    }),
    ("many_forks", many_forks),
    ("map_read_code", || file_as_code(c"/tmp/cloison-walls-files/read/a", 0)),
    ("map_written_code", || file_as_code(c"/tmp/cloison-walls-files/write/code", libc::O_RDWR | libc::O_CREAT)),
    ("map_loader_code", || {
        let name = std::ffi::CString::new(library()).expect("no zero in it");
        file_as_code(&name, 0)
    }),
    ("host_name", host_name),
    ("signal_the_warden", || call(libc::SYS_kill, &[call(libc::SYS_getppid, &[]), 0])),
    ("other_processes", || call(libc::SYS_kill, &[-1, 0])),
    ("read_file", || read_first(c"/tmp/cloison-walls-files/read/a")),
    ("write_read_only_file", || opened(open(c"/tmp/cloison-walls-files/read/a", libc::O_WRONLY))),
    ("write_file", || opened(open(c"/tmp/cloison-walls-files/write/b", libc::O_WRONLY | libc::O_CREAT))),
    ("read_unnamed_file", || opened(open(c"/tmp/cloison-walls-files/secret", 0))),
    ("read_urandom", || mapped(read_first(c"/dev/urandom"))),
    ("read_null", || mapped(read_first(c"/dev/null"))),
    ("write_null", || opened(open(c"/dev/null", libc::O_WRONLY))),
    ("read_zero", || mapped(read_first(c"/dev/zero"))),
    ("map_zero", || {
        let zero = open(c"/dev/zero", 0);
        if zero < 0 { zero } else { mapped(map(1, libc::MAP_SHARED, zero)) }
    }),
    ("climb_out", || opened(open(c"/tmp/cloison-walls-files/read/../secret", 0))),
    ("placed_read", || read_first(c"/placed/a")),
    ("placed_list", || opened(open(c"/placed", libc::O_DIRECTORY))),
    ("placed_write", || opened(open(c"/placed/a", libc::O_WRONLY))),
    ("placed_create", || opened(open(c"/placed/b", libc::O_WRONLY | libc::O_CREAT))),
    ("placed_unlink", || {
        let gone = call(libc::SYS_unlink, &[path(c"/placed/gone")]);
        if gone == 0 { 1 } else { gone }
    }),
    ("placed_link", || opened(open(c"/placed/out", 0))),
    ("placed_climb", || opened(open(c"/placed/../etc/passwd", 0))),
    ("root_entries", root_entries),
    ("mkdir_in_root", || call(libc::SYS_mkdir, &[path(c"/x"), 0o700])),
    ("climb_root", || opened(open(c"/../../../etc/passwd", 0))),
    ("thread", start_a_thread),
    ("many_threads", many_threads),
    ("many_calls", many_calls),
    ("leave_a_process", || i64::from(fork_and_sleep() > 0)),
    ("leave_an_orphan", leave_an_orphan),
    ("leave_a_thread", || {
        std::thread::spawn(|| std::thread::sleep(std::time::Duration::from_secs(60)));
        1
    }),
    ("open_loader_file", || {
        let name = std::ffi::CString::new(library()).expect("no zero in it");
        opened(open(&name, 0))
    }),
    ("sleep", || {
        std::thread::sleep(std::time::Duration::from_secs(60));
        0
    }),
];

/// The attempt of that name, or `call NUMBER` and `refusals STAGE` for the sweep.
pub fn find(name: &str) -> Option<Box<dyn Fn() -> i64 + Send>> {
    if let Some(number) = name.strip_prefix("call ") {
        let number: i64 = number.parse().ok()?;
        return Some(Box::new(move || call(number, &[0; 6])));
    }
    if let Some(stage) = name.strip_prefix("refusals ") {
        let stage = STAGES.into_iter().find(|known| format!("{known:?}") == stage)?;
        return Some(Box::new(move || refusals(stage)));
    }
    if let Some(make) = service::find(name).or_else(|| network::find(name)) {
        return Some(Box::new(make));
    }
    let listed = ATTEMPTS.iter().map(|attempt| (attempt.name, attempt.make)).chain(OTHERS.iter().copied());
    listed.into_iter().find(|(known, _)| *known == name).map(|(_, make)| Box::new(make) as Box<dyn Fn() -> i64 + Send>)
}

pub fn file_rules(text: &str) -> Vec<FileRule> {
    let rules = text.split(':').filter(|path| !path.is_empty());
    rules.map(|path| FileRule { path: path.trim_end_matches('!').into(), write: path.ends_with('!') }).collect()
}

/// A library to load.
pub fn library() -> &'static str {
    LIBRARIES.into_iter().find(|path| Path::new(path).exists()).expect("glibc's libresolv")
}

/// `dlopen`, as the zone does it.
pub fn load(path: &Path) -> Result<(), String> {
    let name = std::ffi::CString::new(path.as_os_str().as_encoded_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: a library of the C library's own, whose constructors do nothing; the name ends with a zero.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
    if !handle.is_null() {
        return Ok(());
    }
    // SAFETY: after a failed dlopen this is a string that lives until the next call.
    let message = unsafe { std::ffi::CStr::from_ptr(libc::dlerror()) };
    Err(message.to_string_lossy().into_owned())
}

/// A system call by number: what it gives, or minus the error number.
fn call(number: i64, arguments: &[i64]) -> i64 {
    let mut all = [0i64; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: none is promised: this is the prisoner's purpose. It is a process of its own, and ends after this.
    match unsafe { libc::syscall(number, a, b, c, d, e, f) } {
        -1 => -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)),
        result => result,
    }
}

fn path(path: &CStr) -> i64 {
    path.as_ptr() as i64
}

/// 1 for a descriptor or another positive answer.
fn opened(result: i64) -> i64 {
    result.min(1)
}

/// 1 for an address.
fn mapped(result: i64) -> i64 {
    if result < 0 { result } else { 1 }
}

/// 1 in the parent; the child ends at once.
fn forked(result: i64) -> i64 {
    if result == 0 {
        call(libc::SYS_exit_group, &[0]);
    }
    result.min(1)
}

fn own_pid() -> i64 {
    call(libc::SYS_getpid, &[])
}

fn open(name: &CStr, flags: i32) -> i64 {
    call(libc::SYS_openat, &[libc::AT_FDCWD.into(), path(name), flags.into(), 0o600])
}

fn open_passwd() -> i64 {
    opened(open(c"/etc/passwd", 0))
}

/// Opens and reads one byte, which is the answer.
fn read_first(name: &CStr) -> i64 {
    let descriptor = open(name, 0);
    if descriptor < 0 {
        return descriptor;
    }
    let mut byte = [0u8];
    match call(libc::SYS_read, &[descriptor, byte.as_mut_ptr() as i64, 1]) {
        1 => byte[0].into(),
        other => other,
    }
}

fn openat2() -> i64 {
    let how = [0u64; 3];
    opened(call(libc::SYS_openat2, &[libc::AT_FDCWD.into(), path(c"/etc/passwd"), how.as_ptr() as i64, 24]))
}

fn stat_passwd() -> i64 {
    let mut status = [0u8; 256];
    call(libc::SYS_newfstatat, &[libc::AT_FDCWD.into(), path(c"/etc/passwd"), status.as_mut_ptr() as i64, 0])
}

fn every_socket() -> i64 {
    let mut last = 0;
    for family in 0..46 {
        for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_SEQPACKET] {
            last = call(libc::SYS_socket, &[family, kind.into(), 0]);
            if last >= 0 {
                return 1;
            }
        }
    }
    last
}

fn socketpair() -> i64 {
    let mut pair = [0i32; 2];
    call(libc::SYS_socketpair, &[libc::AF_UNIX.into(), libc::SOCK_STREAM.into(), 0, pair.as_mut_ptr() as i64])
}

/// TCP to a port of this machine where nobody listens: refused outside, impossible inside.
fn connect() -> i64 {
    let descriptor = call(libc::SYS_socket, &[libc::AF_INET.into(), libc::SOCK_STREAM.into(), 0]);
    let address: [u8; 16] = [2, 0, 0, 1, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    if descriptor < 0 { descriptor } else { call(libc::SYS_connect, &[descriptor, address.as_ptr() as i64, 16]) }
}

fn exec(number: i64) -> i64 {
    let program = path(c"/bin/true");
    let arguments = [program, 0];
    let nothing = [0i64];
    if number == libc::SYS_execve {
        call(number, &[program, arguments.as_ptr() as i64, nothing.as_ptr() as i64])
    } else {
        call(number, &[libc::AT_FDCWD.into(), program, arguments.as_ptr() as i64, nothing.as_ptr() as i64, 0])
    }
}

/// The signal that one may send to oneself, to the template (2), or to init (1) by the template itself.
fn abort_a_neighbour() -> i64 {
    let neighbour = if own_pid() == 2 { 1 } else { 2 };
    call(libc::SYS_tgkill, &[neighbour, neighbour, libc::SIGABRT.into()])
}

/// Through the parent's own pid: what works on oneself works on others of the same user.
fn read_memory() -> i64 {
    let (source, mut target) = ([7u8; 8], [0u8; 8]);
    let remote = [source.as_ptr() as i64, 8];
    let local = [target.as_mut_ptr() as i64, 8];
    call(libc::SYS_process_vm_readv, &[own_pid(), local.as_ptr() as i64, 1, remote.as_ptr() as i64, 1, 0])
}

fn map(protection: i64, flags: i32, descriptor: i64) -> i64 {
    map_bytes(4096, protection, flags, descriptor)
}

fn map_bytes(bytes: i64, protection: i64, flags: i32, descriptor: i64) -> i64 {
    call(libc::SYS_mmap, &[0, bytes, protection, flags.into(), descriptor, 0])
}

fn written_to_code() -> i64 {
    match map(3, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1) {
        page if page > 0 => call(libc::SYS_mprotect, &[page, 4096, 5]),
        error => error,
    }
}

/// The main stack, which is no private memory for RLIMIT_DATA, made large by `realloc`'s system call.
fn grow_the_stack() -> i64 {
    // A page of it that nobody misses.
    let room = std::hint::black_box([0u8; 3 * 4096]);
    let page = (&raw const room as i64 + 4095) & !4095;
    call(libc::SYS_mremap, &[page, 4096, 1 << 20, libc::MREMAP_MAYMOVE.into()])
}

/// A file as private code, as the loader maps it.
fn file_as_code(name: &CStr, flags: i32) -> i64 {
    let descriptor = open(name, flags);
    if descriptor < 0 { descriptor } else { mapped(map(5, libc::MAP_PRIVATE, descriptor)) }
}

/// The largest of the four ids that a program is told at its start.
fn ids_on_the_stack() -> i64 {
    let names = [libc::AT_UID, libc::AT_EUID, libc::AT_GID, libc::AT_EGID];
    // SAFETY: integers only.
    let ids = names.map(|name| unsafe { libc::getauxval(name) });
    if ids.iter().all(|id| *id == ids[0]) { ids[0] as i64 } else { -1 }
}

/// Is the program told its path?
fn path_on_the_stack() -> i64 {
    // SAFETY: the kernel's pointer to a string on the stack, which has its terminator.
    let path = unsafe { CStr::from_ptr(libc::getauxval(libc::AT_EXECFN) as *const libc::c_char) };
    i64::from(!path.is_empty())
}

/// `getpid` as a 32-bit program calls it.
fn int_0x80() -> i64 {
    let result: i64;
    // SAFETY: getpid has no arguments; the kernel changes no register but rax (and r8-r11).
    unsafe {
        std::arch::asm!("int 0x80", inlateout("rax") 20i64 => result, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    opened(result)
}

extern "C" fn carry_on(_: i32) {}

/// A handler for the signal that violations die of: it must not be asked.
fn catch_sigsys() -> i64 {
    // SAFETY: the handler does nothing.
    unsafe { libc::signal(SIGSYS, carry_on as *const () as libc::sighandler_t) };
    call(libc::SYS_chroot, &[0])
}

fn raise_core_limit() -> i64 {
    let unlimited = [u64::MAX; 2];
    call(libc::SYS_prlimit64, &[0, libc::RLIMIT_CORE as i64, unlimited.as_ptr() as i64, 0])
}

fn shmget() -> i64 {
    let result = call(libc::SYS_shmget, &[0, 4096, 0o600]);
    if result >= 0 {
        call(libc::SYS_shmctl, &[result, 0, 0]);
        return 1;
    }
    result
}

fn abort() -> i64 {
    // SAFETY: ends this process, which is the attempt.
    unsafe { libc::abort() }
}

fn clock() -> i64 {
    let mut time = [0i64; 2];
    call(libc::SYS_clock_gettime, &[1, time.as_mut_ptr() as i64])
}

fn random() -> i64 {
    let mut bytes = [0u8; 8];
    call(libc::SYS_getrandom, &[bytes.as_mut_ptr() as i64, 8, 0])
}

/// The open descriptors as bits; 63 stands for all from there on.
fn open_descriptors() -> i64 {
    let open = (0..1024).filter(|number| call(libc::SYS_fcntl, &[*number, libc::F_GETFL.into(), 0]) >= 0);
    open.fold(0, |bits, number| bits | 1 << number.min(62))
}

/// How many more descriptors there may be.
fn many_descriptors() -> i64 {
    (0..10_000).take_while(|_| call(libc::SYS_fcntl, &[0, libc::F_DUPFD_CLOEXEC.into(), 0]) >= 0).count() as i64
}

/// As library code starts one: by the C library, which tries `clone3` and then `clone`.
fn start_a_thread() -> i64 {
    std::thread::Builder::new().spawn(|| 1).map_or_else(error_number, |thread| thread.join().unwrap_or(0))
}

/// How many threads there may be besides this one.
fn many_threads() -> i64 {
    let sleep = || std::thread::sleep(std::time::Duration::from_secs(60));
    let small = || std::thread::Builder::new().stack_size(64 << 10);
    (0..100).take_while(|_| small().spawn(sleep).is_ok()).count() as i64
}

/// How many children a template may have. They wait to be ended with the namespace.
fn many_forks() -> i64 {
    let fork = |_: &i64| {
        let mut pidfd = 0i32;
        let pid =
            call(libc::SYS_clone, &[cloison_sandbox::policy::template::FORK as i64, 0, &raw mut pidfd as i64, 0, 0]);
        if pid == 0 {
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
        pid > 0
    };
    (0..100).take_while(fork).count() as i64
}

/// How many processes of calls there may be at once.
fn many_calls() -> i64 {
    (0..100).take_while(|_| fork_and_sleep() > 0).count() as i64
}

/// A process that does nothing and does not end.
fn fork_and_sleep() -> i64 {
    let pid = call(libc::SYS_clone, &[libc::SIGCHLD.into(), 0, 0, 0, 0]);
    if pid == 0 {
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
    pid
}

/// One that is nobody's child here any more.
fn leave_an_orphan() -> i64 {
    let pid = call(libc::SYS_clone, &[libc::SIGCHLD.into(), 0, 0, 0, 0]);
    if pid == 0 {
        call(libc::SYS_exit_group, &[i64::from(fork_and_sleep() <= 0)]);
    }
    call(libc::SYS_wait4, &[pid, 0, 0, 0])
}

fn error_number(error: std::io::Error) -> i64 {
    -i64::from(error.raw_os_error().unwrap_or(0))
}

/// 1 if the host's name is the one that all jails have.
fn host_name() -> i64 {
    i64::from(rustix::system::uname().nodename() == c"cloison")
}

/// How many entries `/` has, as far as one may look.
fn root_entries() -> i64 {
    match std::fs::read_dir("/") {
        Ok(entries) => entries.count() as i64,
        Err(error) => -i64::from(error.raw_os_error().unwrap_or(0)),
    }
}

/// Makes every call that the tables answer with an error; gives the first that gets another answer, or -1000.
fn refusals(stage: Stage) -> i64 {
    let wrong = sweep::numbers().find(|number| match sweep::verdict(stage, *number) {
        Verdict::Refuse(error) => call(*number, &[0; 6]) != -i64::from(error),
        _ => false,
    });
    wrong.unwrap_or(-1000)
}
