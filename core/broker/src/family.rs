//! A sandboxed process and what came with it: the launcher that ends at once, the worker, the init of its namespace.

use crate::child::{Child, Ended};
use crate::launch::Launcher;
use cloison_capabilities::message::{Jailed, Layer};
use rustix::io::Errno;
use rustix::process::Signal;

/// These processes, as far as they are known.
#[derive(Debug)]
pub struct Family {
    launcher: Option<Launcher>,
    worker: Option<Child>,
    init: Option<Child>,
    /// The layers in force.
    pub layers: Vec<Layer>,
}

impl Family {
    /// Before the worker has reported.
    pub fn new(launcher: Launcher) -> Self {
        Self { launcher: Some(launcher), worker: None, init: None, layers: Vec::new() }
    }

    /// The worker says which processes it and its init are: true only if they are children of ours.
    pub fn adopt(&mut self, jailed: Jailed) -> Result<(), Errno> {
        if self.worker.is_some() {
            return Err(Errno::EXIST);
        }
        self.worker = Some(Child::from_pid(jailed.worker)?);
        self.init = jailed.init.map(Child::from_pid).transpose()?;
        self.layers = jailed.layers;
        if let Some(launcher) = self.launcher.take() {
            launcher.reap();
        }
        Ok(())
    }

    /// The worker, once it has reported.
    pub fn worker(&self) -> Option<&Child> {
        self.worker.as_ref()
    }

    /// End them all and wait for them; how the worker ended. With its init, everything in the namespace ends.
    pub fn end(&mut self) -> Option<Ended> {
        if let Some(launcher) = self.launcher.take() {
            launcher.end();
        }
        for child in self.worker.iter().chain(&self.init) {
            child.signal(Signal::KILL);
        }
        let ended = self.worker.take().map(|worker| worker.wait());
        if let Some(init) = self.init.take() {
            init.wait();
        }
        ended
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        self.end();
    }
}
