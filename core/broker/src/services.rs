//! Host services: what a capability of one needs of the machine, found when the application is loaded and opened when an
//! instance starts. A file for each.

mod env;
mod files;
mod http;
mod log;
mod machine;
mod net;
mod process;

pub use http::{HttpMaterial, SecretFile};
pub use log::LogFile;
pub use process::ProgramFiles;

use crate::application::Purpose;
use crate::application::sources::real_path;
use cloison_contract::Interface;
use cloison_contract::host::HostService;
use cloison_contract::message::{Mount, ServiceOffer, ToZone};
use cloison_manifest::application::ServiceRequest;
use cloison_manifest::diagnostic::{Diagnostics, SourceFile};
use rustix::fs::{CWD, Mode, OFlags, Stat, fstat, openat, stat};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A host service with the configuration of one capability.
#[derive(Clone, Debug)]
pub struct ConfiguredService {
    /// What it is sent.
    pub service: HostService,
    /// The folders that go with it, in the configuration's order.
    pub folders: Vec<HostFolder>,
    /// Secrets and certificates that go with it.
    pub material: HttpMaterial,
    /// The file that it writes records to; without one they go to standard error.
    pub log: Option<LogFile>,
    /// The files of programs that it has started, in the order of its commands.
    pub programs: Vec<ProgramFiles>,
}

/// A folder of the machine, opened when the application was loaded: what is there by its path later does not count.
#[derive(Clone, Debug)]
pub struct HostFolder {
    /// As it is called in the configuration, from the configuration's folder on.
    pub path: PathBuf,
    /// As the kernel calls it.
    pub real: PathBuf,
    /// Only to know it.
    pub opened: Arc<OwnedFd>,
}

impl ConfiguredService {
    /// What a capability asks for, relative to the folder of its `cloison.toml`; and the interface that goes with it.
    ///
    /// # Errors
    ///
    /// Folders that are not there, or that are below another one's and give less than that; secrets that are not there.
    pub(crate) fn new(
        request: &ServiceRequest,
        source: &Arc<SourceFile>,
        beside: &Path,
        interface: &mut Interface,
        purpose: Purpose,
    ) -> Result<Self, Diagnostics> {
        let folders = match &request.service {
            HostService::Files(files) => files::open(&files.roots, &request.folders, source, beside)?,
            HostService::Env(_) | HostService::Http(_) | HostService::Log(_) | HostService::Net(_) => Vec::new(),
            HostService::Process(process) => {
                let mut folders = Vec::new();
                // What one command gives has nothing to do with another one's.
                for command in &process.commands {
                    let written = request.folders.get(command.roots.clone()).unwrap_or_default();
                    folders.extend(files::open(process.roots_of(command), written, source, beside)?);
                }
                folders
            }
            HostService::Sqlite(sqlite) => files::open(&sqlite.roots, &request.folders, source, beside)?,
        };
        let log = match &request.service {
            HostService::Log(service) => log::find(service, request, source, beside)?,
            _ => None,
        };
        let programs = match &request.service {
            HostService::Process(service) => process::open(service, request, source, beside)?,
            _ => Vec::new(),
        };
        let material = http::read(request, source, beside, purpose)?;
        let service = match &request.service {
            HostService::Env(env) => HostService::Env(env::read(env)),
            service => service.clone(),
        };
        service.configure(interface);
        Ok(Self { service, folders, material, log, programs })
    }

    /// Where programs see files by it.
    pub(crate) fn mounts(&self, capability: &str, location: &str) -> Vec<Mount> {
        match &self.service {
            HostService::Files(files) => files::mounts(files, capability, location),
            HostService::Env(_)
            | HostService::Http(_)
            | HostService::Log(_)
            | HostService::Net(_)
            | HostService::Process(_)
            | HostService::Sqlite(_) => Vec::new(),
        }
    }

    /// What a microprocess is told of it when it begins, so that the standard library finds it; files are [`Self::mounts`].
    pub(crate) fn offer(&self, capability: &str, location: &str) -> Option<ServiceOffer> {
        let grants = match &self.service {
            HostService::Files(_) | HostService::Log(_) | HostService::Sqlite(_) => return None,
            HostService::Env(env) => env::grants(env),
            HostService::Http(http) => http::grants(http),
            HostService::Net(net) => net::grants(net),
            HostService::Process(process) => process::grants(process),
        };
        let (service, capability) = (self.service.name().to_owned(), capability.to_owned());
        Some(ServiceOffer { service, capability, grants, location: location.to_owned() })
    }

    /// What a new instance is sent behind [`ToZone::Serve`] or [`ToZone::Load`], with what is read of the machine at this moment.
    pub(crate) fn messages(&self) -> Vec<(ToZone, Vec<BorrowedFd<'_>>)> {
        match &self.service {
            // What a log is written to is opened for each instance; folders of programs are theirs.
            HostService::Env(_) | HostService::Log(_) | HostService::Process(_) => Vec::new(),
            HostService::Files(_) | HostService::Sqlite(_) => {
                self.folders.iter().map(|folder| (ToZone::Folder, vec![folder.opened.as_fd()])).collect()
            }
            HostService::Http(http) => {
                let mut machine = machine::read(http.name_servers.is_empty());
                if let Some(certificates) = &self.material.certificates {
                    machine.roots.clone_from(certificates);
                }
                let secrets = ToZone::Secrets(self.material.secrets.clone());
                vec![(ToZone::Machine(machine), Vec::new()), (secrets, Vec::new())]
            }
            HostService::Net(net) => {
                vec![(ToZone::Machine(machine::read(net.name_servers.is_empty())), Vec::new())]
            }
        }
    }
}

impl HostFolder {
    /// Whoever has what is opened can neither list it nor open what is in it without asking the kernel anew.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = openat(CWD, &path, flags, Mode::empty())?;
        let real = real_path(&opened).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { path, real, opened: Arc::new(opened) })
    }

    /// Whether a file is below it, by whatever path: a folder may be mounted in a second place.
    pub(crate) fn encloses(&self, file: &Path) -> bool {
        let identity = |stat: Stat| (stat.st_dev, stat.st_ino);
        let own = fstat(&self.opened).map(identity);
        let above = file.ancestors().skip(1).filter_map(|folder| stat(folder).ok());
        file.starts_with(&self.real) || own.is_ok_and(|own| above.map(identity).any(|one| one == own))
    }

    fn is_inside(&self, other: &Self) -> bool {
        self.real != other.real && self.real.starts_with(&other.real)
    }
}
