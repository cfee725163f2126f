//! Each call in a process of its own: forked from a zone that has loaded and sealed, sealed itself, gone after the call.
//!
//! ```text
//!  fork server                              child
//!   clone(SIGCHLD) ───────────────────────▶ dies with its fork server; is it still there?
//!   wait4                                    puts on the rest of the seal
//!                                            takes the library's signal mask back
//!                                            work(), and nothing else
//!   knows how it ended  ◀─────────────────── _exit(0)
//! ```
//!
//! # Why a fork is sound here
//!
//! A child has one thread: the one that forked. A lock that another thread holds at that moment stays locked in it for ever, and
//! `pthread_atfork` handlers exist to repair that, in libraries, by running their code. The fork server has one thread: the
//! seal asks the kernel ([`Error::Company`]). So nothing is locked, no handler is needed, and the raw system call
//! runs none. What the C library remembers of its own about the process is the thread's number alone; `getpid`, `gettid`
//! and `raise` ask the kernel.
//!
//! # The fork server runs no code of the library's
//!
//! It would run with more rights than the seal leaves to it. It calls no function of the library; signals that could
//! run a handler are blocked, and a child takes them back only behind its seal; it has to end by [`end`], without what
//! was registered for the end.

use crate::error::Error;
use crate::jail::{Jail, Sealed};
use crate::policy;
use crate::spec::Layers;
use crate::sys::{self, Fork, SingleThreaded};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, getpid, getppid, waitpid};
use seccompiler::BpfProgram;
use std::io;
use std::time::Duration;

/// The stage of a zone that runs each call in a process of its own: processes may be made, and calls be served in those.
#[derive(Debug)]
pub struct ForkServer {
    /// What a child puts on; `None` where seccomp is off.
    filter: Option<BpfProgram>,
    /// What the library has blocked.
    signals: sys::SignalMask,
    /// What a child will be.
    child: Jail<Sealed>,
    /// Without which there would be no forking.
    alone: SingleThreaded,
}

/// How a call's process ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// With that status.
    Exited(i32),
    /// By that signal.
    Signaled(i32),
}

/// A child's exit status when it could not be sealed: nothing was served.
const UNSEALED: i32 = 125;
/// A child's exit status when its work panicked.
const PANICKED: i32 = 101;

/// Ends this process at once: without destructors, the library's or ours.
pub fn end(status: i32) -> ! {
    sys::exit(status)
}

impl Jail<ForkServer> {
    /// Does `work` in a process of its own, behind the seal, and waits for its end: how that came, and how much processor time the process
    /// has had with all its threads. Whatever `work` changes is gone then, but for what is shared.
    ///
    /// # Errors
    ///
    /// No process could be made: `EAGAIN` at the limit of processes, `ENOMEM`.
    pub fn in_child(&self, work: impl FnOnce(&Jail<Sealed>)) -> io::Result<(Ended, Duration)> {
        let fork_server = getpid();
        match sys::clone(sys::OwnNamespaces::NONE, sys::Relation::Child, &self.stage.alone)? {
            Fork::Child => self.stage.live(fork_server, work),
            Fork::Parent(child) => wait(child),
        }
    }

    /// Tries in a child whether the seal holds there.
    pub(crate) fn probe(&self) -> Result<(), Error> {
        let sealed = self.stage.filter.is_some();
        let look = |_: &Jail<Sealed>| {
            if sealed {
                look()
            }
        };
        match self.in_child(look).map_err(Error::Call)? {
            (Ended::Exited(0), _) => Ok(()),
            _ => Err(Error::Unsealed("the process of a call may do what it must not")),
        }
    }
}

impl ForkServer {
    /// Makes ready what children need, and lets no signal interrupt from now on.
    pub(crate) fn prepare(
        requested: Layers,
        needs: &policy::Needs<'_>,
        child: Jail<Sealed>,
        alone: SingleThreaded,
    ) -> Result<Self, Error> {
        let filter = match requested.has(Layers::SECCOMP) {
            true => Some(policy::child(needs).compile()),
            false => None,
        };
        let signals = sys::block_signals().map_err(|source| Error::Process { name: "the signal mask", source })?;
        // Were it ignored, nobody could be waited for; and its handler would be code of the library's.
        sys::notice_children().map_err(|source| Error::Process { name: "SIGCHLD", source })?;
        Ok(ForkServer { filter, signals, child, alone })
    }

    /// How many instructions a child puts on.
    pub(crate) fn instructions(&self) -> usize {
        self.filter.as_ref().map_or(0, Vec::len)
    }

    /// The child's life.
    fn live(&self, fork_server: Pid, work: impl FnOnce(&Jail<Sealed>)) -> ! {
        let _unwound = EndIfUnwound;
        if self.seal_child(fork_server).is_err() {
            sys::exit(UNSEALED);
        }
        work(&self.child);
        sys::exit(0)
    }

    fn seal_child(&self, fork_server: Pid) -> Result<(), Error> {
        // Before anything else, and not inherited: without a pid namespace nothing else would end an endless call.
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| Error::process("PR_SET_PDEATHSIG", error))?;
        // It may have ended before that.
        if getppid() != Some(fork_server) {
            sys::exit(UNSEALED);
        }
        if let Some(filter) = &self.filter {
            let mut filter = filter.clone();
            policy::fill_in_own_pid(&mut filter, getpid().as_raw_pid());
            policy::apply("per-call", &filter)?;
        }
        // Handlers of the library's run from here on.
        self.signals.put_back().map_err(|source| Error::Process { name: "the signal mask", source })
    }
}

/// A child never returns into its fork server's code, not even by a panic.
struct EndIfUnwound;

impl Drop for EndIfUnwound {
    fn drop(&mut self) {
        sys::exit(PANICKED)
    }
}

fn wait(child: i32) -> io::Result<(Ended, Duration)> {
    loop {
        match sys::wait_with_time(child) {
            Ok((status, time)) if libc::WIFEXITED(status) => {
                return Ok((Ended::Exited(libc::WEXITSTATUS(status)), time));
            }
            Ok((status, time)) if libc::WIFSIGNALED(status) => {
                return Ok((Ended::Signaled(libc::WTERMSIG(status)), time));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What the seal of a call forbids, tried.
fn look() {
    let forbidden = sys::map_code().raw_os_error() == Some(libc::EACCES)
        && waitpid(None, WaitOptions::NOHANG).err() == Some(Errno::CHILD)
        && sys::try_fork().is_err_and(|error| error.raw_os_error() == Some(libc::EPERM));
    if !forbidden {
        sys::exit(1)
    }
}
