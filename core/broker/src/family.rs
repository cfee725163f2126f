//! A sandboxed process and what came with it: the launcher that ends at once, the worker, the init of its namespace.

use crate::child::{self, Child, Exit};
use crate::launch::Launcher;
use crate::warm::kept::Keeper;
use cloison_contract::message::{Jailed, Layer};
use rustix::io::Errno;
use rustix::process::Signal;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long processes that have been killed are waited for. The kernel ends them without us, too.
pub const TAKING_DOWN: Duration = Duration::from_millis(1500);
/// How often is looked whether an init has gone that waits for strangers.
const AGAIN: Duration = Duration::from_millis(1);
/// How long a template's init has to go by itself.
const STRANGERS: Duration = Duration::from_millis(50);

/// These processes, as far as they are known.
#[derive(Debug, Default)]
pub struct Family {
    launcher: Option<Launcher>,
    worker: Option<Child>,
    init: Option<Child>,
    /// Their parent, if that is not this process.
    keeper: Option<Arc<Keeper>>,
    /// The layers in force.
    pub layers: Vec<Layer>,
}

impl Family {
    /// Before the worker has reported.
    pub fn new(launcher: Launcher) -> Self {
        Self { launcher: Some(launcher), worker: None, init: None, keeper: None, layers: Vec::new() }
    }

    /// Of a process that a template has forked into its own sandbox.
    pub(crate) fn forked(worker: Child) -> Self {
        Self { launcher: None, worker: Some(worker), init: None, keeper: None, layers: Vec::new() }
    }

    /// Of a template that somebody else has started, with its keeper.
    pub(crate) fn kept(keeper: Arc<Keeper>, worker: Child, init: Option<Child>, layers: Vec<Layer>) -> Self {
        Self { launcher: None, worker: Some(worker), init, keeper: Some(keeper), layers }
    }

    /// Their parent, if that is not this process.
    pub(crate) fn keeper(&self) -> Option<&Arc<Keeper>> {
        self.keeper.as_ref()
    }

    /// The launcher says which processes it has made: true only if they are children of ours.
    pub fn adopt(&mut self, worker: i32, init: Option<i32>) -> Result<&Child, Errno> {
        if self.worker.is_some() {
            return Err(Errno::EXIST);
        }
        let child = Child::from_pid(worker)?;
        self.init = init.map(Child::from_pid).transpose()?;
        if let Some(launcher) = self.launcher.take_if(|launcher| launcher.pid() != worker) {
            launcher.reap();
        }
        // Without a namespace of its own, the launcher is the worker itself: waiting for the one waits for the other.
        self.launcher = None;
        Ok(self.worker.insert(child))
    }

    /// The worker says which layers are in force. It says so once.
    pub fn jailed(&mut self, jailed: Jailed) -> Result<(), Errno> {
        if self.worker.is_none() || !self.layers.is_empty() {
            return Err(Errno::EXIST);
        }
        self.layers = jailed.layers;
        Ok(())
    }

    /// The worker, once it has reported.
    pub fn worker(&self) -> Option<&Child> {
        self.worker.as_ref()
    }

    /// End the worker alone and wait for it; how it ended. Other processes in its namespace live on.
    pub fn end_worker(&mut self, until: Instant) -> Option<Exit> {
        if let Some(launcher) = self.launcher.take() {
            launcher.end();
        }
        let worker = self.worker.take()?;
        worker.signal(Signal::KILL);
        worker.wait_until(until)
    }

    /// Have all of them ended, without waiting.
    pub fn kill(&self) {
        for child in [&self.worker, &self.init].into_iter().flatten() {
            child.signal(Signal::KILL);
        }
    }

    /// The launcher's number, while it has not reported.
    pub fn launcher(&self) -> Option<i32> {
        self.launcher.as_ref().map(Launcher::pid)
    }

    /// The init of their namespace, if there is one. When it ends, the kernel ends everything in the namespace.
    pub fn init(&self) -> Option<&Child> {
        self.init.as_ref()
    }

    /// The worker and how it ended, if it has; it counts as gone from then on.
    pub fn ended_worker(&mut self) -> Option<(Child, Exit)> {
        let ended = self.worker.as_ref()?.ended()?;
        self.worker.take().map(|worker| (worker, ended))
    }

    /// The init of their namespace, if it has ended; it counts as gone from then on.
    pub fn ended_init(&mut self) -> Option<Child> {
        self.init.take_if(|init| init.ended().is_some())
    }

    /// Whether no process is left. A launcher that still runs is killed here; it runs no code but ours.
    pub fn gone(&mut self) -> bool {
        if let Some(launcher) = self.launcher.take() {
            launcher.end();
        }
        self.worker.is_none() && self.init.is_none()
    }

    /// End them all and wait for them, until then at most; how the worker ended. With its init, everything in the namespace
    /// ends.
    ///
    /// An init stays until every other process of its namespace has been waited for: the worker is, here; whoever has
    /// more children in it must have waited for them.
    pub fn end(&mut self, until: Instant) -> Option<Exit> {
        if self.keeper.is_some() {
            self.end_with_strangers(until);
            return None;
        }
        let ended = self.end_worker(until);
        if let Some(init) = self.init.take() {
            init.signal(Signal::KILL);
            init.wait_until(until);
        }
        ended
    }

    /// As [`Family::end`], for a worker that forks: children that it has made and not reported are ours too, and keep the
    /// init from going until they are waited for. Should the init not go by itself, every ended child of this process is
    /// waited for.
    ///
    /// A keeper does all of that itself, and then it has gone, too.
    pub fn end_with_strangers(&mut self, until: Instant) {
        if let Some(keeper) = self.keeper.take() {
            self.kill();
            (self.worker, self.init) = (None, None);
            return keeper.end(until);
        }
        self.end_worker(until);
        let Some(init) = self.init.take() else { return };
        init.signal(Signal::KILL);
        let strangers = Instant::now() + STRANGERS;
        while init.wait_until(until.min(Instant::now() + AGAIN)).is_none() && Instant::now() < until {
            if Instant::now() >= strangers {
                child::reap_any();
            }
        }
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        self.end(Instant::now() + TAKING_DOWN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    #[allow(clippy::zombie_processes, reason = "waiting for them is what is tested")]
    fn they_are_gone_one_by_one() {
        let sleep = || Child::from_pid(Command::new("sleep").arg("600").spawn().unwrap().id() as i32).unwrap();
        let mut family = Family::default();
        (family.worker, family.init) = (Some(sleep()), Some(sleep()));
        assert!(family.ended_worker().is_none() && family.ended_init().is_none() && !family.gone());
        family.kill();
        // Asks again until it is so, without a wait that could block.
        let (_, ended) = std::iter::from_fn(|| Some(family.ended_worker())).flatten().next().unwrap();
        assert_eq!(ended, Exit::Signaled(9));
        assert!(!family.gone(), "with its init, which nobody has asked about");
        std::iter::from_fn(|| Some(family.ended_init())).flatten().next().unwrap();
        assert!(family.gone());
        assert_eq!(family.end(Instant::now()), None);
    }
}
