//! A keeper: the parent of one template, for as long as somebody has its line.
//!
//! It starts the template as a broker does. When the template is ready, its control socket goes into the line, and the keeper has
//! none any more: nobody but whoever takes it can speak for it. What is left to do is what only a parent can: to wait for children.

use super::{FromKeeper, ToKeeper, limits};
use crate::blanks::forks_at_once;
use crate::broker::FROM_TEMPLATE_BYTES;
use crate::child::{Child, Exit, wait_for_child};
use crate::family::{Family, TAKING_DOWN};
use crate::launch::Binaries;
use cloison_contract::message::{FromTemplate, ToTemplate};
use cloison_transport::control::{Control, ControlError};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, getpid, pidfd_open};
use std::os::fd::AsFd;
use std::time::Instant;

/// The longest message of who has the line, in bytes.
const TO_KEEPER_BYTES: u64 = 64;

/// Why there is no template.
#[derive(Debug, thiserror::Error)]
enum KeeperError {
    /// The template says so.
    #[error("{0}")]
    Failed(String),
    /// Its control socket says so, or the line.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The host refused something.
    #[error(transparent)]
    Host(#[from] std::io::Error),
    /// Nobody has the line any more.
    #[error("nobody wants it")]
    Unwanted,
}

impl From<Errno> for KeeperError {
    fn from(error: Errno) -> Self {
        Self::Host(error.into())
    }
}

/// Be one; the line is descriptor 0. Call it from the main thread: its end is the signal by which the kernel takes everything
/// down.
///
/// # Errors
/// There is no line.
pub fn keep(binaries: &Binaries) -> Result<(), Errno> {
    let line = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    // Whoever has the other end sees that this process has closed it: no copy may stay.
    rustix::stdio::dup2_stdin(rustix::stdio::stdout())?;
    let line = Control::from_descriptor(line).receiving_at_most(TO_KEEPER_BYTES);
    let mut family = Family::default();
    match start(binaries, &line, &mut family) {
        Ok(()) => serve(&line, &mut family),
        Err(KeeperError::Unwanted) => {}
        Err(error) => drop(line.try_send(&FromKeeper::Failed { message: error.to_string() }, &[])),
    }
    family.end_with_strangers(Instant::now() + TAKING_DOWN);
    Ok(())
}

/// Start the template, wait until it is ready, and put it into the line.
fn start(binaries: &Binaries, line: &Control, family: &mut Family) -> Result<(), KeeperError> {
    let (control, launcher) = binaries.silent_template()?;
    let control = control.receiving_at_most(FROM_TEMPLATE_BYTES);
    *family = Family::new(launcher);
    let limits = limits();
    let boot = ToTemplate::Boot {
        preload: Vec::new(),
        memory_bytes: limits.memory_bytes,
        cpu_seconds: limits.cpu_seconds,
        descriptors: limits.descriptors,
        processes: forks_at_once(limits.processes),
        may_be_missing: Vec::new(),
        warm: true,
    };
    control.send(&boot, &[])?;
    let modules = loop {
        wait(&control, line)?;
        match control.receive::<FromTemplate>() {
            // There is no application yet whose modules could be found.
            Ok((FromTemplate::Find { .. }, _)) => control.try_send(&ToTemplate::Found(None), &[])?,
            Ok((FromTemplate::Split { worker, init }, _)) => {
                family.adopt(worker, init)?;
                line.try_send(&FromKeeper::Split { worker, init }, &[])?;
            }
            Ok((FromTemplate::Jailed(jailed), _)) => family.jailed(jailed)?,
            Ok((FromTemplate::Preloaded { modules }, _)) => break modules,
            Ok((FromTemplate::Failed { message, .. }, _)) => return Err(KeeperError::Failed(message)),
            Ok(_) => return Err(ControlError::Malformed("no message of a template that starts").into()),
            Err(error) => return Err(error.into()),
        }
    };
    let Some(worker) = family.worker() else {
        return Err(ControlError::Malformed("a template that has not said what it is").into());
    };
    let this = pidfd_open(getpid(), PidfdFlags::empty())?;
    let init = family.init();
    let kept = FromKeeper::Kept {
        keeper: getpid().as_raw_nonzero().get(),
        worker: worker.pid(),
        init: init.map(Child::pid),
        layers: family.layers.clone(),
        modules,
    };
    line.try_send(&FromKeeper::Ready, &[])?;
    let descriptors = [control.as_fd(), this.as_fd(), worker.as_fd()].into_iter().chain(init.map(AsFd::as_fd));
    Ok(line.try_send(&kept, &descriptors.collect::<Vec<_>>())?)
}

/// Until the template says something, and somebody has the line.
fn wait(control: &Control, line: &Control) -> Result<(), KeeperError> {
    loop {
        let mut ready = [PollFd::new(control, PollFlags::IN), PollFd::new(line, PollFlags::empty())];
        match poll(&mut ready, None) {
            Err(Errno::INTR) => continue,
            result => result?,
        };
        if !ready[1].revents().is_empty() {
            return Err(KeeperError::Unwanted);
        }
        if !ready[0].revents().is_empty() {
            return Ok(());
        }
    }
}

/// Answer, until nobody has the line, or the template has ended before somebody has taken it.
fn serve(line: &Control, family: &mut Family) {
    let mut taken = false;
    loop {
        let mut ready = vec![PollFd::new(line, PollFlags::IN)];
        ready.extend(family.worker().filter(|_| !taken).map(|worker| PollFd::new(worker, PollFlags::IN)));
        match poll(&mut ready, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return,
        }
        if ready.get(1).is_some_and(|worker| !worker.revents().is_empty()) {
            return;
        }
        let answer = match line.try_receive::<ToKeeper>() {
            Ok(None) => continue,
            Ok(Some((ToKeeper::Taken, _))) => {
                taken = true;
                continue;
            }
            Ok(Some((ToKeeper::Wait { question, pid }, _))) => FromKeeper::Ended { question, exit: ended(family, pid) },
            Err(_) => return,
        };
        if line.try_send(&answer, &[]).is_err() {
            return;
        }
    }
}

fn ended(family: &mut Family, pid: i32) -> Option<Exit> {
    if family.worker().is_some_and(|worker| worker.pid() == pid) {
        return family.ended_worker().map(|(_, exit)| exit);
    }
    match family.init().is_some_and(|init| init.pid() == pid) {
        true => family.ended_init().map(|_| Exit::Signaled(libc::SIGKILL)), // how an init ends is of no interest
        false => wait_for_child(pid),
    }
}
