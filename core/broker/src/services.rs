//! Host services: what a capability of one needs of the machine, found when the application is loaded and opened when an
//! instance starts.

use crate::sources::real_path;
use cloison_contract::Interface;
use cloison_contract::host::{FilesRights, HostService, SCRATCH};
use cloison_contract::message::Mount;
use cloison_manifest::application::ServiceRequest;
use cloison_manifest::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A host service with the configuration of one capability.
#[derive(Clone, Debug)]
pub struct ConfiguredService {
    /// What it is sent.
    pub service: HostService,
    /// The folders that go with it, in the configuration's order.
    pub folders: Vec<HostFolder>,
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
    /// Folders that are not there, or that are below another one's and give less than that.
    pub(crate) fn new(
        request: &ServiceRequest,
        source: &Arc<SourceFile>,
        beside: &Path,
        interface: &mut Interface,
    ) -> Result<Self, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let mut folders = Vec::new();
        for written in &request.folders {
            let path = beside.join(&written.text);
            match HostFolder::open(path.clone()) {
                Ok(folder) => folders.push(folder),
                Err(error) => {
                    let message = format!("{}: {error}", path.display());
                    let hint = "`path` is a folder, relative to the folder of this file, or absolute";
                    mistakes.push(Diagnostic::error(source, written.span.clone(), message).hint(hint));
                }
            }
        }
        if mistakes.has_errors() {
            return Err(mistakes);
        }
        let HostService::Files(files) = &request.service;
        for ((inner, folder), written) in files.roots.iter().zip(&folders).zip(&request.folders) {
            let around = files.roots.iter().zip(&folders).filter(|(_, other)| folder.is_inside(other));
            for (outer, _) in around {
                let more = outer.rights.without(inner.rights).words().join(", ");
                if !more.is_empty() {
                    let message = format!("this is below the folder of `{}`, which gives more: {more}", outer.at);
                    let hint = "what is given of a folder is given of all that is in it: take a folder beside it, or give that here, too";
                    mistakes.push(Diagnostic::error(source, written.span.clone(), message).hint(hint));
                }
            }
        }
        if mistakes.has_errors() {
            return Err(mistakes);
        }
        request.service.configure(interface);
        Ok(Self { service: request.service.clone(), folders })
    }

    /// Where programs see files by it.
    pub(crate) fn mounts(&self, capability: &str, location: &str) -> Vec<Mount> {
        let HostService::Files(files) = &self.service;
        let roots = files.roots.iter().map(|root| (root.at.clone(), root.rights));
        let scratch = files.scratch_bytes.map(|_| (SCRATCH.to_owned(), FilesRights::ALL));
        let mount =
            |(at, rights)| Mount { at, capability: capability.to_owned(), rights, location: location.to_owned() };
        roots.chain(scratch).map(mount).collect()
    }
}

impl HostFolder {
    /// Whoever has what is opened can neither list it nor open what is in it without asking the kernel anew.
    fn open(path: PathBuf) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = openat(CWD, &path, flags, Mode::empty())?;
        let real = real_path(&opened).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { path, real, opened: Arc::new(opened) })
    }

    fn is_inside(&self, other: &Self) -> bool {
        self.real != other.real && self.real.starts_with(&other.real)
    }
}
