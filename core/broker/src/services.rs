//! Host services: what a capability of one needs of the machine, found when the application is loaded and opened when an
//! instance starts.

use cloison_contract::Interface;
use cloison_contract::host::{FilesRights, FilesRoot, HostService, SCRATCH};
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
    pub folders: Vec<PathBuf>,
}

impl ConfiguredService {
    /// What a capability asks for, relative to the folder of its `cloison.toml`; and the interface that goes with it.
    ///
    /// # Errors
    ///
    /// Folders that are not there.
    pub(crate) fn new(
        request: &ServiceRequest,
        source: &Arc<SourceFile>,
        beside: &Path,
        interface: &mut Interface,
    ) -> Result<Self, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let mut folders = Vec::new();
        for written in &request.folders {
            let folder = beside.join(&written.text);
            if let Err(error) = open(&folder) {
                let message = format!("{}: {error}", folder.display());
                let hint = "`path` is a folder, relative to the folder of this file, or absolute";
                mistakes.push(Diagnostic::error(source, written.span.clone(), message).hint(hint));
            }
            folders.push(folder);
        }
        if mistakes.has_errors() {
            return Err(mistakes);
        }
        request.service.configure(interface);
        Ok(Self { service: request.service.clone(), folders })
    }

    /// Opens its folders.
    ///
    /// # Errors
    ///
    /// The first that cannot be opened.
    pub(crate) fn open(&self) -> Result<Vec<OwnedFd>, String> {
        let open = |folder: &PathBuf| open(folder).map_err(|error| format!("{}: {error}", folder.display()));
        self.folders.iter().map(open).collect()
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

    /// What it gives, for people.
    pub(crate) fn describe(&self) -> String {
        match &self.service {
            HostService::Files(files) => {
                let root = |(root, folder): (&FilesRoot, &PathBuf)| {
                    let rights = root.rights.words();
                    let rights = if rights.is_empty() { "nothing".to_owned() } else { rights.join(", ") };
                    format!("{rights} below {} (as {})", folder.display(), root.at)
                };
                let mut parts: Vec<_> = files.roots.iter().zip(&self.folders).map(root).collect();
                parts.extend(files.scratch_bytes.map(|_| "a private folder".to_owned()));
                if parts.is_empty() { "no folder".to_owned() } else { parts.join("; ") }
            }
        }
    }
}

/// Only to know it: whoever has that can neither list it nor open what is in it without asking the kernel anew.
fn open(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(CWD, folder, flags, Mode::empty())?)
}
