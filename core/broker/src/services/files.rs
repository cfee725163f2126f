//! `files`: the folders of its roots.

use super::HostFolder;
use cloison_contract::host::{FilesRights, FilesRoot, FilesService, SCRATCH};
use cloison_contract::message::Mount;
use cloison_manifest::diagnostic::{Diagnostic, Diagnostics, SourceFile, Written};
use std::path::Path;
use std::sync::Arc;

/// Opens the folders, relative to that of `cloison.toml`.
pub(super) fn open(
    roots: &[FilesRoot],
    written: &[Written],
    source: &Arc<SourceFile>,
    beside: &Path,
) -> Result<Vec<HostFolder>, Diagnostics> {
    let mut mistakes = Diagnostics::default();
    let mut folders = Vec::new();
    for one in written {
        let path = beside.join(&one.text);
        match HostFolder::open(path.clone()) {
            Ok(folder) => folders.push(folder),
            Err(error) => {
                let message = format!("{}: {error}", path.display());
                let hint = "`path` is a folder, relative to the folder of this file, or absolute";
                mistakes.push(Diagnostic::error(source, one.span.clone(), message).hint(hint));
            }
        }
    }
    if mistakes.has_errors() {
        return Err(mistakes);
    }
    for ((inner, folder), written) in roots.iter().zip(&folders).zip(written) {
        let around = roots.iter().zip(&folders).filter(|(_, other)| folder.is_inside(other));
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
    Ok(folders)
}

/// Where programs see them.
pub(super) fn mounts(files: &FilesService, capability: &str, location: &str) -> Vec<Mount> {
    let roots = files.roots.iter().map(|root| (root.at.clone(), root.rights));
    let scratch = files.scratch_bytes.map(|_| (SCRATCH.to_owned(), FilesRights::ALL));
    let mount = |(at, rights)| Mount { at, capability: capability.to_owned(), rights, location: location.to_owned() };
    roots.chain(scratch).map(mount).collect()
}
