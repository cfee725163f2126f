//! From one process to three: the launcher makes init and the worker, and ends.
//!
//! Both are made with `CLONE_PARENT`, so that they are the broker's own children: it sees how they end. Init is
//! cloned straight into the new namespaces; the launcher stays outside, because from outside root may map a uid that
//! is not its own. Then it steps in itself (`setns`) and clones the worker there: a pid namespace's init may not use
//! `CLONE_PARENT`, but its second process, and all that come from it, may.
//!
//! ```text
//!  launcher                       init (1)                     worker (2)
//!    clone ─────────────────────▶ waits for "go" ◀───────────── writes "go" to init, when it knows both pids
//!    uid_map, gid_map             becomes nobody                enters the root …
//!    setns, clone ────────────────────────────────────────────▶ waits for the pids
//!    writes the pids ─────────────────────────────────────────▶
//!    exit(0)
//! ```
//!
//! A process that waits for another one sees end of file if that one dies, and ends too.
//!
//! The launcher announces both as soon as they exist, before the worker goes on: whatever fails from then on, the broker
//! knows for whom it has to wait.

use crate::error::Error;
use crate::layer::{self, LayerName, Report};
use crate::root::Root;
use crate::sys::{self, Fork, OwnNamespaces, Relation, SingleThreaded};
use crate::{credentials, init, policy};
use rustix::fd::OwnedFd;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process, pidfd_open};
use rustix::thread::move_into_thread_name_spaces;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// The processes of a jail, as the broker numbers them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pids {
    pub(crate) worker: i32,
    pub(crate) init: Option<i32>,
}

impl Pids {
    /// This process, without namespaces.
    pub(crate) fn alone() -> Pids {
        Pids { worker: getpid().as_raw_pid(), init: None }
    }

    /// Is it in namespaces of its own?
    pub(crate) fn is_apart(self) -> bool {
        self.init.is_some()
    }
}

/// What depends on who it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    /// Init ends with the worker; a template's microprocesses live longer.
    pub(crate) worker_is_all: bool,
    /// The network stays the machine's.
    pub(crate) network: bool,
}

impl Split {
    fn namespaces(self) -> OwnNamespaces {
        if self.network { OwnNamespaces::ALL.without_network() } else { OwnNamespaces::ALL }
    }
}

/// Makes init and the worker; returns in the worker. Where namespaces are refused, this process is the worker.
/// `announce` is told the worker's number and init's, once.
pub(crate) fn split<'fd>(
    lifeline: BorrowedFd<'_>,
    mut root: Root<'fd>,
    split: Split,
    announce: &dyn Fn(i32, Option<i32>),
    alone: &SingleThreaded,
    report: &mut Report,
) -> Result<(Pids, Root<'fd>), Error> {
    let launcher = getpid().as_raw_pid();
    credentials::leave_groups()?;
    // As root: mounts are copied now, while we may still walk everywhere.
    if credentials::is_root() {
        root.take_as_root();
    }
    let (go_read, go_write) = pipe()?;
    let (pids_read, pids_write) = pipe()?;
    let (uid_map, gid_map) = credentials::maps();
    // Compiled here, once for both roles, so that init has nothing to do but install it.
    let filter = policy::INIT.compile();

    let init = match sys::clone(split.namespaces(), Relation::Sibling, alone) {
        Ok(Fork::Child) => {
            drop((go_write, pids_read, pids_write, root));
            init::run(lifeline, go_read, split.worker_is_all, &filter, alone)
        }
        Ok(Fork::Parent(pid)) => pid,
        Err(error) => {
            announce(launcher, None);
            return without(error, root, report);
        }
    };
    drop(go_read);
    if let Err(error) = write_maps(init, &uid_map, &gid_map) {
        // Some systems let anybody make a user namespace, but not use it.
        end(init);
        announce(launcher, Some(init));
        return without(error, root, report);
    }
    let worker = enter_namespaces(init, split.namespaces()).map_err(Error::Init);
    match worker.and_then(|()| sys::clone(OwnNamespaces::NONE, Relation::Sibling, alone).map_err(Error::Worker)) {
        Ok(Fork::Child) => {
            drop(pids_write);
            let pids = receive(&pids_read)?;
            rustix::io::write(&go_write, &[1]).map_err(|error| Error::Init(error.into()))?;
            report_namespaces(split, report);
            Ok((pids, root))
        }
        Ok(Fork::Parent(worker)) => {
            announce(worker, Some(init));
            let message = [init.to_ne_bytes(), worker.to_ne_bytes()].concat();
            // If the worker is dead already, the broker sees that; there is nothing left to do here either way.
            let _ = rustix::io::write(&pids_write, &message);
            sys::exit(0)
        }
        Err(error) => {
            announce(launcher, Some(init));
            Err(error)
        }
    }
}

/// Goes on without namespaces, if it may.
fn without<'fd>(error: io::Error, root: Root<'fd>, report: &mut Report) -> Result<(Pids, Root<'fd>), Error> {
    let refused = [libc::EPERM, libc::EACCES, libc::ENOSPC, libc::EUSERS, libc::EINVAL, libc::ENOSYS, libc::ENOENT];
    if !error.raw_os_error().is_some_and(|code| refused.contains(&code)) {
        return Err(Error::Init(error));
    }
    for name in layer::NAMESPACES {
        report.unavailable(name, format!("the kernel refuses user namespaces: {error}"))?;
    }
    report.unavailable(LayerName::CgroupNamespace, error.to_string())?;
    Ok((Pids::alone(), root))
}

fn report_namespaces(split: Split, report: &mut Report) {
    report.on(LayerName::UserNamespace, "nobody, with no one else to become");
    report.on(LayerName::MountNamespace, "a root of its own, read-only");
    report.on(LayerName::PidNamespace, "ends with the broker");
    match split.network {
        true => report.off(LayerName::NetworkNamespace),
        false => report.on(LayerName::NetworkNamespace, "no interface is up"),
    }
    report.on(LayerName::IpcNamespace, "");
    report.on(LayerName::UtsNamespace, "the host is called `cloison`");
    report.on(LayerName::CgroupNamespace, "");
}

fn write_maps(pid: i32, uid_map: &str, gid_map: &str) -> io::Result<()> {
    // An ordinary user may map his gid only after giving up setgroups, and nobody inside needs it.
    std::fs::write(format!("/proc/{pid}/setgroups"), "deny")?;
    std::fs::write(format!("/proc/{pid}/uid_map"), uid_map)?;
    std::fs::write(format!("/proc/{pid}/gid_map"), gid_map)
}

fn enter_namespaces(init: i32, namespaces: OwnNamespaces) -> io::Result<()> {
    let pid = Pid::from_raw(init).ok_or(io::ErrorKind::InvalidInput)?;
    let init = pidfd_open(pid, PidfdFlags::empty())?;
    Ok(move_into_thread_name_spaces(init.as_fd(), namespaces.kinds())?)
}

/// Kills a process that was made here and will not be used.
fn end(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// The pids, from the launcher.
fn receive(pipe: &OwnedFd) -> Result<Pids, Error> {
    let mut message = [0; 8];
    // Eight bytes are written at once and arrive at once.
    let length =
        rustix::io::retry_on_intr(|| rustix::io::read(pipe, &mut message)).map_err(|e| Error::Worker(e.into()))?;
    if length != message.len() {
        return Err(Error::Worker(io::Error::other("the launcher died")));
    }
    let [init, worker] =
        [0, 4].map(|at| i32::from_ne_bytes([message[at], message[at + 1], message[at + 2], message[at + 3]]));
    Ok(Pids { worker, init: Some(init) })
}

fn pipe() -> Result<(OwnedFd, OwnedFd), Error> {
    pipe_with(PipeFlags::CLOEXEC).map_err(|error| Error::Init(error.into()))
}
