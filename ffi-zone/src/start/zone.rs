//! The zone's life, as types: each step consumes the one before, so that the wrong order does not compile.
//!
//! ```text
//!  Zone<Spawned> ─jail─▶ Zone<Unloaded> ─load─▶ Zone<Loaded> ─seal─▶ Zone<Serving> ─serve─▶ (ends with the broker)
//!   has the first         sandbox closed,      every symbol         last filter on,
//!   message               says Jailed,         is there             says Ready
//!                         page mapped
//! ```
//!
//! `dlopen` is reachable from [`Zone<Unloaded>`] alone, and calls are served by [`Zone<Serving>`] alone:
//!
//! ```compile_fail,E0599
//! # use cloison_zone::start::zone::{Spawned, Zone};
//! fn constructors_outside_of_the_sandbox(zone: Zone<Spawned>) {
//!     let _ = zone.load();
//! }
//! ```
//!
//! ```compile_fail,E0599
//! # use cloison_zone::start::zone::{Loaded, Zone};
//! fn calls_before_the_seal(zone: Zone<Loaded>) {
//!     let _ = zone.serve();
//! }
//! ```
//!
//! ```
//! # use cloison_zone::{start::failure::Failure, start::zone::Zone};
//! # use cloison_transport::control::Control;
//! # use std::sync::Arc;
//! fn run(control: &Arc<Control>) -> Result<(), Failure> {
//!     Zone::receive(control)?.jail()?.load()?.seal()?.serve();
//!     Ok(())
//! }
//! ```

use crate::marshal::Marshal;
use crate::marshal::functions::Functions;
use crate::native::library::{self, FileIdentity};
use crate::native::state::{OnlyThread, State, set_environment, settle};
use crate::serve::ServeError;
use crate::serve::thread_pool::ThreadPool;
use crate::start::failure::{Failure, StartStep};
use crate::start::limits;
use cloison_contract::Interface;
use cloison_contract::interface::Instances;
use cloison_contract::message::{FromZone, Layer, ToZone};
use cloison_sandbox::{Fenced, ForkServer, Jail, Loading, PlacedFolder, Sealed, ServedFolder, Spec};
use cloison_transport::control::Control;
use cloison_transport::server::Server;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

/// A zone at one stage of its life.
pub struct Zone<S> {
    control: Arc<Control>,
    stage: S,
}

/// Started, with the broker's first message, and still outside of the sandbox.
pub struct Spawned {
    interface: Interface,
    library: OwnedFd,
    /// What is loaded before and behind it.
    further: Vec<OwnedFd>,
    status: OwnedFd,
    /// In the order of the interface's roots.
    folders: Vec<OwnedFd>,
}

/// Inside the sandbox, nothing loaded.
pub struct Unloaded {
    jail: Jail<Loading>,
    interface: Interface,
    library: OwnedFd,
    further: Vec<FileIdentity>,
    server: Server,
}

/// The library is loaded and all its functions are there.
pub struct Loaded {
    jail: Jail<Loading>,
    functions: Functions,
    server: Server,
}

/// The seal is on.
pub struct Serving {
    process: CallProcess,
    pool: ThreadPool,
}

/// In which process calls run.
enum CallProcess {
    /// In processes of their own.
    Apart(Box<Jail<ForkServer>>),
    /// In this process.
    Here(Jail<Sealed>),
}

impl Zone<Spawned> {
    /// Waits for the first message: what to load.
    pub fn receive(control: &Arc<Control>) -> Result<Self, Failure> {
        let fail = |message: &dyn std::fmt::Display| Failure::new(StartStep::Receive, message);
        let (message, descriptors) = control.receive::<ToZone>().map_err(|error| fail(&error))?;
        let ToZone::Load { interface } = message else { return Err(fail(&"the first message is not `Load`")) };
        let Ok([library, status]) = <[OwnedFd; 2]>::try_from(descriptors) else {
            return Err(fail(&"`Load` comes with the library and the status page"));
        };
        let count = interface.library.needs.len() + interface.library.preload.len();
        let mut further = Vec::new();
        while further.len() < count {
            let (message, descriptors) = control.receive::<ToZone>().map_err(|error| fail(&error))?;
            match (message, <[OwnedFd; 1]>::try_from(descriptors)) {
                (ToZone::Library, Ok([file])) => further.push(file),
                _ => return Err(fail(&"a library is missing behind `Load`")),
            }
        }
        let mut folders = Vec::new();
        for _ in &interface.sandbox.roots {
            let (message, descriptors) = control.receive::<ToZone>().map_err(|error| fail(&error))?;
            match (message, <[OwnedFd; 1]>::try_from(descriptors)) {
                (ToZone::Folder, Ok([folder])) => folders.push(folder),
                _ => return Err(fail(&"behind `Load` comes a folder for each root")),
            }
        }
        let stage = Spawned { interface: *interface, library, further, status, folders };
        Ok(Self { control: control.clone(), stage })
    }

    /// Enters the sandbox. Of the processes that this makes, only the worker returns.
    pub fn jail(self) -> Result<Zone<Unloaded>, Failure> {
        let Spawned { interface, library, further, status, folders } = self.stage;
        let files: Result<Vec<_>, _> = further.iter().map(FileIdentity::of).collect();
        let files = files.map_err(|error| Failure::new(StartStep::Receive, error))?;
        let mut role = cloison_sandbox::ZoneContents::new(cloison_sandbox::LibraryFile(library.as_fd()));
        role.further = further.iter().map(|file| cloison_sandbox::LibraryFile(file.as_fd())).collect();
        role.scratch_bytes = interface.sandbox.scratch_bytes;
        role.files = interface.sandbox.files.clone();
        role.connect = interface.sandbox.connect.clone();
        let placed = interface.sandbox.roots.iter().zip(&folders);
        let placed = placed.map(|(root, folder)| PlacedFolder {
            at: &root.at,
            folder: ServedFolder { descriptor: folder.as_fd(), rights: root.rights },
        });
        role.folders = placed.collect();
        // `processes` beside our own: threads are the only ones that the seal lets a library make.
        role.threads = limits::threads(&interface.sandbox);
        role.per_call = interface.sandbox.instances == Instances::PerCall;
        let mut spec = Spec::zone(limits::of(&interface.sandbox), role);
        spec.may_be_missing = interface.sandbox.may_be_missing.clone();
        spec.descriptors = vec![library.as_fd(), status.as_fd()];
        // If the broker does not hear it, it is gone.
        let announce = |worker, init| drop(self.control.send(&FromZone::Split { worker, init }, &[]));
        let jail = cloison_sandbox::enter(spec, self.control.as_fd(), &announce)
            .map_err(|error| Failure::new(StartStep::Jail, &error).hint(error.hint()))?;
        tell(&self.control, StartStep::Jail, &FromZone::Jailed(jail.jailed()))?;
        // They would count as the library's.
        drop(further);
        // Mapped and closed before any constructor runs: loading may map files as code, and this one can be written.
        let server = Server::new(status).map_err(|error| Failure::new(StartStep::Jail, error))?;
        Ok(Zone { control: self.control, stage: Unloaded { jail, interface, library, further: files, server } })
    }
}

impl Zone<Unloaded> {
    /// Loads the library and finds every function of the interface.
    pub fn load(self) -> Result<Zone<Loaded>, Failure> {
        let Unloaded { jail, interface, library, further, server } = self.stage;
        // Before there is a constructor that could make a thread, or look for a variable.
        let alone = OnlyThread::process().ok_or_else(|| Failure::new(StartStep::Load, "there is a thread already"))?;
        set_environment(&interface.sandbox.environment, &alone);
        settle(&alone);
        let further: Vec<_> = jail.further().iter().map(PathBuf::as_path).zip(further).collect();
        let (needs, preload) = further.split_at(interface.library.needs.len().min(further.len()));
        library::load_further(needs, &interface.library.needs, &interface)?;
        let loaded = library::LoadedLibrary::open(jail.library(), library, &interface)?;
        library::load_further(preload, &interface.library.preload, &interface)?;
        let functions = loaded.functions(interface)?;
        Ok(Zone { control: self.control, stage: Loaded { jail, functions, server } })
    }
}

impl Zone<Loaded> {
    /// Makes ready what could not be made ready afterwards, and puts the last filter on.
    pub fn seal(self) -> Result<Zone<Serving>, Failure> {
        let Loaded { jail, functions, server } = self.stage;
        let fail = |error: &dyn std::fmt::Display| Failure::new(StartStep::Seal, error);
        let instances = functions.interface.sandbox.instances;
        let marshal = Marshal::new(functions);
        // Between the two halves: before ABI 8 Landlock's rules hold for the thread that puts them up and those that it makes
        // from then on; the filter closes itself around all of them.
        let refused = |error: cloison_sandbox::Error| fail(&error).hint(error.hint());
        let fenced = jail.fence().map_err(refused)?;
        let pool = ThreadPool::new(self.control.clone(), server, marshal, State::of_this_thread(), None);
        let pool = pool.map_err(|error| fail(&error))?;
        let (process, layers) = CallProcess::behind_the_seal(fenced, instances).map_err(refused)?;
        tell(&self.control, StartStep::Seal, &FromZone::Ready { layers })?;
        Ok(Zone { control: self.control, stage: Serving { process, pool } })
    }
}

impl CallProcess {
    /// Puts the second half of the seal on; and what is in force then.
    fn behind_the_seal(
        fenced: Jail<Fenced>,
        instances: Instances,
    ) -> Result<(Self, Vec<Layer>), cloison_sandbox::Error> {
        Ok(match instances {
            Instances::PerCall => {
                let fork_server = fenced.become_fork_server()?;
                let layers = fork_server.layers().to_vec();
                (Self::Apart(Box::new(fork_server)), layers)
            }
            Instances::PerClient | Instances::Shared => {
                let sealed = fenced.seal()?;
                let layers = sealed.layers().to_vec();
                (Self::Here(sealed), layers)
            }
        })
    }
}

impl Zone<Serving> {
    /// Serves calls until the broker is gone, or says something that no broker says.
    pub fn serve(self) -> ServeError {
        let Serving { process, pool } = self.stage;
        match process {
            CallProcess::Apart(fork_server) => pool.serve_apart(*fork_server),
            CallProcess::Here(_sealed) => pool.serve(),
        }
    }
}

fn tell(control: &Control, step: StartStep, message: &FromZone) -> Result<(), Failure> {
    control.send(message, &[]).map_err(|error| Failure::new(step, error))
}
