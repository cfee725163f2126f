//! The system calls that have no safe wrapper. All `unsafe` of this crate is here.

use crate::jail::Execute;
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::thread::ThreadNameSpaceType;
use std::ffi::CString;
use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

/// In which process [`clone`] returns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fork {
    /// The new process.
    Child,
    /// The old one, with the new one's id.
    Parent(i32),
}

/// This process has one thread: what holds for that holds for the process, no lock is held by somebody else, and nobody else
/// uses a descriptor. Whoever has this makes no other thread meanwhile. A forked process has it from the one that it is a copy
/// of.
#[derive(Debug)]
pub(crate) struct SingleThreaded(());

impl SingleThreaded {
    /// Asks the kernel.
    pub(crate) fn find() -> Option<Self> {
        // SAFETY: integers only; unshare(CLONE_THREAD) does nothing but fail with EINVAL when there are other threads.
        let alone = unsafe { libc::unshare(libc::CLONE_THREAD) } == 0;
        alone.then_some(Self(()))
    }
}

/// Namespaces that a process gets of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OwnNamespaces(i32);

impl OwnNamespaces {
    /// None.
    pub(crate) const NONE: Self = Self(0);
    /// What a jail gets of its own.
    pub(crate) const ALL: Self = Self(
        libc::CLONE_NEWUSER
            | libc::CLONE_NEWNS
            | libc::CLONE_NEWPID
            | libc::CLONE_NEWNET
            | libc::CLONE_NEWIPC
            | libc::CLONE_NEWUTS
            | libc::CLONE_NEWCGROUP,
    );

    /// All of these but a network: that stays the one this process has.
    pub(crate) const fn without_network(self) -> Self {
        Self(self.0 & !libc::CLONE_NEWNET)
    }

    /// As `setns` wants them.
    pub(crate) fn kinds(self) -> ThreadNameSpaceType {
        ThreadNameSpaceType::from_bits_retain(self.0 as u32)
    }
}

/// What a new process is to this one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Relation {
    /// Its child.
    Child,
    /// A child of its parent.
    Sibling,
}

/// A copy of this process with these namespaces, as a child or as a sibling; its end is announced by SIGCHLD.
///
/// Not `fork`: that can make neither namespaces nor siblings.
pub(crate) fn clone(namespaces: OwnNamespaces, relation: Relation, _alone: &SingleThreaded) -> io::Result<Fork> {
    let parent = match relation {
        Relation::Child => 0,
        Relation::Sibling => libc::CLONE_PARENT,
    };
    // SAFETY: with one thread no lock can be held by somebody who does not exist in the child; these are namespaces, a parent
    // and a signal.
    match unsafe { fork(namespaces.0 | parent | libc::SIGCHLD) } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(pid as i32)),
    }
}

/// Whether this process may make another one, which ends at once.
pub(crate) fn try_fork() -> io::Result<()> {
    // SAFETY: the child does nothing but end.
    match unsafe { fork(libc::SIGCHLD) } {
        -1 => Err(io::Error::last_os_error()),
        0 => exit(0),
        _ => Ok(()),
    }
}

/// The raw system call: -1, 0 in the child, or the child's number.
///
/// # Safety
///
/// If there are other threads, the child takes no lock: it makes system calls and ends. `flags` share nothing with it: they are
/// namespaces, CLONE_PARENT and the signal of its end.
unsafe fn fork(flags: i32) -> libc::c_long {
    let (none, unused) = (std::ptr::null_mut::<libc::c_void>(), 0usize);
    // SAFETY: without CLONE_VM (the caller's promise) and with a null stack this is fork: the child runs on a copy of this stack
    // and shares no memory with us. CLONE_SETTLS and the *_TID flags are not passed either, so the null pointers are not used.
    unsafe { libc::syscall(libc::SYS_clone, flags as libc::c_ulong, none, none, none, unused) }
}

/// Whether a process can be made that has these namespaces.
pub(crate) fn try_namespaces(namespaces: OwnNamespaces) -> io::Result<()> {
    // SAFETY: the body does nothing.
    unsafe { in_child(namespaces, || 0) }
}

/// Whether a process can do without [making code of what was written](deny_write_execute).
pub(crate) fn try_deny_write_execute() -> io::Result<()> {
    let refuse = || deny_write_execute().map_or_else(|error| error.raw_os_error().unwrap_or(1), |()| 0);
    // SAFETY: the body makes one system call and looks at a number.
    unsafe { in_child(OwnNamespaces::NONE, refuse) }
}

/// Runs `body` in a child of its own and waits for it; what it gives is an error number, or 0. Other threads may be
/// running. (It is a `fn`, so that it captures nothing.)
///
/// # Safety
///
/// `body` does nothing but make system calls.
unsafe fn in_child(namespaces: OwnNamespaces, body: fn() -> i32) -> io::Result<()> {
    // Without an exit signal: a reaper elsewhere in this process does not see this child.
    // SAFETY: another thread may hold a lock (of the allocator, say), but the child takes none: it makes system calls, by the
    // caller's promise, and ends.
    let pid = unsafe { fork(namespaces.0) } as i32;
    if pid == 0 {
        exit(body());
    }
    check(pid.into())?;
    let mut status = 0;
    loop {
        // SAFETY: the kernel fills in `status`, which lives on this stack.
        if unsafe { libc::waitpid(pid, &mut status, libc::__WALL) } == pid {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    match (libc::WIFEXITED(status), libc::WEXITSTATUS(status)) {
        (true, 0) => Ok(()),
        (true, code) => Err(io::Error::from_raw_os_error(code)),
        (false, _) => Err(io::Error::other("the child was killed")),
    }
}

/// Waits for a child: its status, and how much processor time it has had, its threads and what it has waited for itself included.
pub(crate) fn wait_with_time(child: i32) -> io::Result<(i32, Duration)> {
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::uninit());
    // SAFETY: the kernel fills in both, which live on this stack, or says that it has not.
    let waited = unsafe { libc::wait4(child, &mut status, 0, usage.as_mut_ptr()) };
    check(waited.into())?;
    // SAFETY: a child was waited for, so it is filled in.
    let usage = unsafe { usage.assume_init() };
    let time = |one: libc::timeval| {
        let seconds = Duration::from_secs(u64::try_from(one.tv_sec).unwrap_or(0));
        seconds.saturating_add(Duration::from_micros(u64::try_from(one.tv_usec).unwrap_or(0)))
    };
    Ok((status, time(usage.ru_utime).saturating_add(time(usage.ru_stime))))
}

/// The version of Landlock's interface.
pub(crate) fn landlock_abi() -> io::Result<i32> {
    const VERSION: u32 = 1;
    let no_rules = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the kernel reads nothing and makes nothing; it gives a number.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, no_rules, 0usize, VERSION) };
    check(version)?;
    Ok(version as i32)
}

/// Does this kernel have filters, and the answer that ends a process?
pub(crate) fn seccomp_can_kill() -> io::Result<()> {
    let action = libc::SECCOMP_RET_KILL_PROCESS;
    // SAFETY: the kernel reads one u32, which lives on this stack.
    check(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) })
}

/// Does this kernel have `futex_waitv`?
pub(crate) fn futex_waitv_exists() -> io::Result<()> {
    let (no_futexes, no_timeout) = (std::ptr::null::<libc::c_void>(), std::ptr::null::<libc::timespec>());
    // SAFETY: with no futexes the kernel reads nothing: where the call exists that is an invalid argument.
    match check(unsafe { libc::syscall(libc::SYS_futex_waitv, no_futexes, 0u32, 0u32, no_timeout, 0) }) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(()),
        Err(error) => Err(error),
        Ok(()) => Ok(()),
    }
}

/// Ends this process at once, without running anything that was registered for its end.
pub(crate) fn exit(status: i32) -> ! {
    // SAFETY: takes an integer, does not return; what destructors would do is done by the kernel for a dead process.
    unsafe { libc::_exit(status) }
}

/// Closes every descriptor from `first` to `last`, open or not.
pub(crate) fn close_range(first: u32, last: u32, _alone: &SingleThreaded) -> io::Result<()> {
    // SAFETY: integers only. That owners elsewhere in this process lose their descriptors is the purpose: the callers
    // are the launcher and init, which declare all they still use; a stale owner gets EBADF and no new file is opened
    // behind its back before this process has ended or become the worker.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) })
}

/// Sets a limit; what is lower already stays.
pub(crate) fn limit(resource: libc::__rlimit_resource_t, soft: u64, hard: u64) -> io::Result<()> {
    let mut current = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel fills in the structure, which lives on this stack.
    check(unsafe { libc::getrlimit(resource, &mut current) }.into())?;
    let hard = current.rlim_max.min(hard);
    let wanted = libc::rlimit { rlim_cur: hard.min(soft), rlim_max: hard };
    // SAFETY: the kernel reads the structure, which lives on this stack.
    check(unsafe { libc::setrlimit(resource, &wanted) }.into())
}

/// Adds attributes to a mount and all below it.
pub(crate) fn mount_attributes(tree: BorrowedFd<'_>, recursive: bool, set: u64) -> io::Result<()> {
    let attributes = libc::mount_attr { attr_set: set, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is a constant with its terminator; the structure is read, and its size is passed along.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &attributes,
            size_of::<libc::mount_attr>(),
        )
    })
}

/// From now on memory cannot become executable that was ever writable (Linux 6.3).
pub(crate) fn deny_write_execute() -> io::Result<()> {
    const PR_SET_MDWE: i32 = 65;
    const PR_MDWE_REFUSE_EXEC_GAIN: libc::c_ulong = 1;
    let zero: libc::c_ulong = 0;
    // SAFETY: integers only; changes what later mmap and mprotect calls may ask for, no mapping that exists.
    check(unsafe { libc::prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, zero, zero, zero) }.into())
}

/// A session keyring of our own, empty.
pub(crate) fn new_session_keyring() -> io::Result<()> {
    const KEYCTL_JOIN_SESSION_KEYRING: i32 = 1;
    let anonymous = std::ptr::null::<libc::c_char>();
    // SAFETY: a null name asks for an anonymous keyring; nothing else is read.
    check(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, anonymous) })
}

/// Overwrites what the kernel told this program at its start about who started it (`getauxval`): the ids by `id`, the
/// path of the program by nothing. Does nothing where the auxiliary vector is not where the kernel puts it.
pub(crate) fn forget_origin(id: u32, _alone: &SingleThreaded) {
    unsafe extern "C" {
        static environ: *const *const libc::c_char;
    }
    // SAFETY: a pointer is copied; the one thread there is changes no variable meanwhile.
    let start = unsafe { environ } as usize;
    // SAFETY: integers only.
    let end = unsafe { libc::getauxval(libc::AT_RANDOM) } as usize;
    // On a new stack stand the environment, the vector and 16 random bytes, in this order and close together. An
    // environment that has been changed is elsewhere.
    const CLOSE: usize = 64 << 10;
    if start == 0 || !start.is_multiple_of(size_of::<usize>()) || !(start..start.saturating_add(CLOSE)).contains(&end) {
        return;
    }
    // SAFETY: both ends lie on the main stack, and so does what is between them: mapped, writable, initialised by the kernel.
    // Nobody holds a reference to it: the C library reads it through pointers, and there is one thread.
    let words = unsafe { std::slice::from_raw_parts_mut(start as *mut usize, (end - start) / size_of::<usize>()) };
    let Some(environment) = words.iter().position(|word| *word == 0) else { return };
    let vector = &mut words[environment + 1..];
    let named = |word: usize, name: libc::c_ulong| word == name as usize;
    // It is the vector if it says of itself where it stands.
    if !vector.chunks_exact(2).any(|pair| named(pair[0], libc::AT_RANDOM) && pair[1] == end) {
        return;
    }
    for pair in vector.chunks_exact_mut(2).take_while(|pair| !named(pair[0], libc::AT_NULL)) {
        if [libc::AT_UID, libc::AT_EUID, libc::AT_GID, libc::AT_EGID].iter().any(|name| named(pair[0], *name)) {
            pair[1] = id as usize;
        }
        if named(pair[0], libc::AT_EXECFN) {
            let path = pair[1] as *mut libc::c_char;
            // SAFETY: a string that the kernel put on the stack, with its terminator; it is overwritten up to that.
            unsafe { path.write_bytes(0, libc::strlen(path)) };
        }
    }
}

/// What the kernel answers to mapping code out of no file: the filter's error, or that there is no such descriptor.
pub(crate) fn map_code() -> io::Error {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE);
    // SAFETY: nothing is ever mapped: there is no file, and no memory without a name is asked for.
    unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0) };
    io::Error::last_os_error()
}

/// Children that end need not be waited for.
pub(crate) fn ignore_children() -> io::Result<()> {
    // SAFETY: SIG_IGN is no function of ours; replacing the disposition of SIGCHLD calls nothing.
    match unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) } {
        libc::SIG_ERR => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Is there no other process in this pid namespace, besides its init?
pub(crate) fn is_alone() -> bool {
    // SAFETY: integers only; signal 0 is checked and not sent.
    let found = check(unsafe { libc::kill(-1, 0) }.into());
    found.is_err_and(|error| error.raw_os_error() == Some(libc::ESRCH))
}

/// A signal mask.
pub(crate) struct SignalMask(libc::sigset_t);

impl std::fmt::Debug for SignalMask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signals")
    }
}

/// Blocks every signal that can be; gives the mask that there was.
pub(crate) fn block_signals() -> io::Result<SignalMask> {
    // SAFETY: a set of signals is plain bits, all zero is the empty one.
    let [mut all, mut before]: [libc::sigset_t; 2] = unsafe { std::mem::zeroed() };
    // SAFETY: fills in the set, which lives on this stack.
    unsafe { libc::sigfillset(&mut all) };
    // SAFETY: reads the one set and fills in the other.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, &all, &mut before) }.into())?;
    Ok(SignalMask(before))
}

impl SignalMask {
    /// Makes it the mask again.
    pub(crate) fn put_back(&self) -> io::Result<()> {
        // SAFETY: reads the set; a null pointer asks for no answer.
        check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) }.into())
    }
}

/// Children that end wait to be waited for, and nobody is called.
pub(crate) fn notice_children() -> io::Result<()> {
    // SAFETY: SIG_DFL is no function of ours; replacing the disposition of SIGCHLD calls nothing.
    match unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) } {
        libc::SIG_ERR => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Is that descriptor open on a folder?
pub(crate) fn is_folder(number: RawFd) -> bool {
    // SAFETY: all bits zero is a valid `stat`.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills in the structure, which lives on this stack; a number that is not open is EBADF.
    unsafe { libc::fstat(number, &mut status) == 0 && status.st_mode & libc::S_IFMT == libc::S_IFDIR }
}

/// Becomes a program, with three descriptors and no others. Gives the error if that was not possible.
pub(crate) fn execute(what: &Execute<'_>) -> io::Error {
    let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
        texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (arguments, environment) = (pointers(&what.arguments), pointers(&what.environment));
    for (number, stream) in (0..).zip(what.streams) {
        // SAFETY: integers only. What was open as 0, 1 and 2 has no owner who uses it again: this process ends or becomes another one.
        if stream.as_raw_fd() == number || unsafe { libc::dup3(stream.as_raw_fd(), number, 0) } != number {
            return io::Error::other("a stream of the program cannot be put in its place");
        }
    }
    // SAFETY: integers only; all others close when the program begins.
    if unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) } != 0 {
        return io::Error::last_os_error();
    }
    // What the broker blocks or ignores is not the program's to inherit. (Two of them cannot be set, and nothing comes of that.)
    for signal in 1..=64 {
        // SAFETY: SIG_DFL is no function of ours; setting a disposition calls nothing.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: a set of signals is plain bits, all zero is the empty one.
    let none: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: reads the set; a null pointer asks for no answer.
    if unsafe { libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut()) } != 0 {
        return io::Error::last_os_error();
    }
    // SAFETY: strings with their terminators, in arrays that end with a null pointer; all of them live until the call returns, if it does.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            what.program.as_raw_fd(),
            c"".as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    io::Error::last_os_error()
}

/// Makes a descriptor lead elsewhere: to a copy of `to`.
pub(crate) fn redirect(descriptor: BorrowedFd<'_>, to: BorrowedFd<'_>, _alone: &SingleThreaded) -> io::Result<()> {
    // SAFETY: integers only. The descriptor is open as before, and its owner's; nobody else uses it meanwhile.
    check(unsafe { libc::dup3(to.as_raw_fd(), descriptor.as_raw_fd(), libc::O_CLOEXEC) }.into())
}

/// The descriptor's bare number, for lists.
pub(crate) fn number(descriptor: BorrowedFd<'_>) -> RawFd {
    descriptor.as_raw_fd()
}

fn check(result: libc::c_long) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_s_failure_is_told() {
        // SAFETY: the body does nothing.
        let error = unsafe { in_child(OwnNamespaces::NONE, || libc::EPERM) }.expect_err("the child failed");
        assert_eq!(error.raw_os_error(), Some(libc::EPERM));
    }
}
