//! A keeper: the parent of one template, for as long as somebody has its line.
//!
//! It starts the template as a broker does. When the template is ready, its control socket goes into the line, and the keeper has
//! none any more: nobody but whoever takes it can speak for it. What is left to do is what only a parent can: to wait for children.

use super::{FromKeeper, ToKeeper, limits};
use crate::broker::FROM_TEMPLATE_BYTES;
use crate::child::{Child, Exit, wait_for_child};
use crate::family::{Family, TAKING_DOWN};
use crate::launch::Binaries;
use crate::processes::blanks::forks_at_once;
use crate::processes::spawning::inbox_bytes;
use cloison_contract::deterministic::Deterministic;
use cloison_contract::message::{FromTemplate, ToTemplate};
use cloison_transport::control::{Control, ControlError};
use cloison_transport::mailbox;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, Signal, getpid, pidfd_open, setsid};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
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
    // What a terminal sends to whoever has started the service is not for those whose template this is.
    let _ = setsid();
    let line = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    // Whoever has the other end sees that this process has closed it: no copy may stay.
    rustix::stdio::dup2_stdin(rustix::stdio::stdout())?;
    let line = Control::from_descriptor(line).receiving_at_most(TO_KEEPER_BYTES);
    let mut family = Family::default();
    match start(binaries, &line, &mut family) {
        Ok(blank) => {
            serve(&line, &mut family, &blank);
            // Its init would wait for it to be waited for.
            blank.signal(Signal::KILL);
            blank.wait_until(Instant::now() + TAKING_DOWN);
        }
        Err(KeeperError::Unwanted) => {}
        Err(error) => drop(line.try_send(&FromKeeper::Failed { message: error.to_string() }, &[])),
    }
    family.end_with_strangers(Instant::now() + TAKING_DOWN);
    Ok(())
}

/// Start the template, wait until it is ready and has forked a blank, and put both into the line. The blank.
fn start(binaries: &Binaries, line: &Control, family: &mut Family) -> Result<Child, KeeperError> {
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
        folders: Vec::new(),
        deterministic: Deterministic::default(),
        warm: true,
    };
    control.send(&boot, &[])?;
    let modules = loop {
        wait(&control, line)?;
        match control.receive::<FromTemplate>() {
            // There is no application yet whose modules could be found.
            Ok((FromTemplate::Find { .. }, _)) => control.try_send(&ToTemplate::Found(None), &[])?,
            Ok((FromTemplate::Which { .. }, _)) => control.try_send(&ToTemplate::These(Vec::new()), &[])?,
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
    let blank = fork_blank(&control, line)?;
    let Some(worker) = family.worker() else {
        return Err(ControlError::Malformed("a template that has not said what it is").into());
    };
    let this = pidfd_open(getpid(), PidfdFlags::empty())?;
    let init = family.init();
    let kept = FromKeeper::Kept {
        keeper: getpid().as_raw_nonzero().get(),
        blank: blank.child.pid(),
        worker: worker.pid(),
        init: init.map(Child::pid),
        layers: family.layers.clone(),
        modules,
    };
    line.try_send(&FromKeeper::Ready { blank: blank.child.pid() }, &[])?;
    let [memory, bell] = &blank.mailbox;
    let of_template = [control.as_fd(), this.as_fd(), worker.as_fd()];
    let of_blank = [blank.control.as_fd(), blank.child.as_fd(), memory.as_fd(), bell.as_fd()];
    let descriptors = of_template.into_iter().chain(of_blank).chain(init.map(AsFd::as_fd));
    line.try_send(&kept, &descriptors.collect::<Vec<_>>())?;
    Ok(blank.child)
}

/// A microprocess that waits for something to run.
struct Blank {
    control: Control,
    child: Child,
    /// Memory and bell.
    mailbox: [OwnedFd; 2],
}

/// Have the template fork one. It reads and writes nothing until it gets its streams.
fn fork_blank(template: &Control, line: &Control) -> Result<Blank, KeeperError> {
    let (control, theirs) = Control::pair()?;
    let (_, mailbox) = mailbox::create(inbox_bytes(limits().mailbox_bytes)).map_err(std::io::Error::other)?;
    let mut seed = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let null = File::options().read(true).write(true).open("/dev/null")?;
    let [memory, bell] = &mailbox;
    let descriptors = [theirs.as_fd(), null.as_fd(), null.as_fd(), null.as_fd(), memory.as_fd(), bell.as_fd()];
    template.send(&ToTemplate::Fork { seed, rehearse: true }, &descriptors)?;
    wait(template, line)?;
    match template.receive::<FromTemplate>() {
        Ok((FromTemplate::Forked, mut descriptors)) => {
            let pidfd = descriptors.pop().ok_or(ControlError::Malformed("a child without its pidfd"))?;
            Ok(Blank { control, child: Child::from_pidfd(pidfd)?, mailbox })
        }
        Ok((FromTemplate::ForkFailed { message }, _)) => Err(KeeperError::Failed(message)),
        Ok(_) => Err(ControlError::Malformed("no answer to a fork").into()),
        Err(error) => Err(error.into()),
    }
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

/// Answer, until nobody has the line, or the template or the blank has ended before somebody has taken them.
fn serve(line: &Control, family: &mut Family, blank: &Child) {
    let mut taken = false;
    loop {
        let mut ready = vec![PollFd::new(line, PollFlags::IN)];
        ready.extend(
            [family.worker(), Some(blank)]
                .into_iter()
                .flatten()
                .filter(|_| !taken)
                .map(|child| PollFd::new(child, PollFlags::IN)),
        );
        match poll(&mut ready, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return,
        }
        // First the line: whoever has taken them may have had them end since.
        let answer = match line.try_receive::<ToKeeper>() {
            Ok(None) if ready[1..].iter().any(|child| !child.revents().is_empty()) => return,
            Ok(None) => continue,
            Ok(Some((ToKeeper::Taken, _))) => {
                taken = true;
                continue;
            }
            Ok(Some((ToKeeper::Wait { question, pid }, _))) => FromKeeper::Ended { question, exit: ended(family, pid) },
            Err(_) => return,
        };
        // A broker that is stopped reads later; one that is gone is an error.
        if line.send(&answer, &[]).is_err() {
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
