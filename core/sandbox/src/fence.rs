//! Landlock: which files may be opened, whatever path leads to them.
//!
//! Everything that the kernel can restrict is restricted: files, TCP ports, abstract sockets and signals that leave the
//! jail. A template may open nothing. A zone may read what the loader needs until its seal, and what its manifest's
//! `files` names for ever. Nobody may execute: the loader maps libraries, which is reading.

use crate::error::Error;
use crate::layer::{LayerName, Report};
use crate::spec::{Layers, ZoneContents};
use cloison_contract::interface::FileRule;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, Scope,
};
use std::path::{Path, PathBuf};

/// The newest interface whose rights have been looked at here. An older kernel enforces what it knows.
const NEWEST: ABI = ABI::V9;

/// One path and what may be done beneath it.
pub(crate) struct Rule {
    path: PathBuf,
    access: BitFlags<AccessFs>,
}

/// Before the seal: the loader's files, the library, and `files`.
pub(crate) fn loading_rules(zone: Option<&ZoneContents<'_>>, library: &Path) -> Vec<Rule> {
    let Some(zone) = zone else { return Vec::new() };
    let read = |path: &Path| Rule { path: path.into(), access: AccessFs::ReadFile.into() };
    let existing = zone.loader.iter().filter(|path| path.exists());
    let mut rules: Vec<Rule> = existing.map(|path| read(path)).collect();
    rules.push(read(library));
    rules.extend(sealed_rules(&zone.files));
    rules
}

/// After the seal: `files` alone.
pub(crate) fn sealed_rules(files: &[FileRule]) -> Vec<Rule> {
    let rule = |file: &FileRule| Rule { path: file.path.clone().into(), access: file_access(file.write) };
    files.iter().map(rule).collect()
}

fn file_access(write: bool) -> BitFlags<AccessFs> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    if !write {
        return read;
    }
    // No devices, sockets, pipes or links: those are ways to reach something else.
    let change = AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::MakeDir;
    read | change | AccessFs::RemoveFile | AccessFs::RemoveDir | AccessFs::Refer
}

/// Restricts this process, or says why that is not possible here.
pub(crate) fn put_up(asked: Layers, rules: &[Rule], report: &mut Report) -> Result<(), Error> {
    if !asked.has(Layers::LANDLOCK) {
        report.off(LayerName::Landlock);
        return Ok(());
    }
    let status = restrict(rules)?;
    match status.landlock {
        LandlockStatus::Available { effective_abi, kernel_abi } => {
            let version = kernel_abi.unwrap_or(effective_abi as i32);
            let opened = if rules.is_empty() { "nothing".into() } else { format!("{} paths", rules.len()) };
            report.on(LayerName::Landlock, format!("ABI {version}, {opened} may be opened"));
            Ok(())
        }
        LandlockStatus::NotEnabled => report.unavailable(LayerName::Landlock, "switched off at boot"),
        LandlockStatus::NotImplemented => report.unavailable(LayerName::Landlock, "needs Linux 5.13"),
    }
}

fn restrict(rules: &[Rule]) -> Result<RestrictionStatus, Error> {
    let ruleset = || -> Result<_, RulesetError> {
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()
    };
    let mut ruleset = ruleset().map_err(|error| Error::Landlock(error.to_string()))?;
    for rule in rules {
        let failed = |error: &dyn std::fmt::Display| Error::Landlock(format!("{}: {error}", rule.path.display()));
        let descriptor = PathFd::new(&rule.path).map_err(|error| failed(&error))?;
        // A file can have only some of the rights of a folder.
        let access = if rule.path.is_dir() { rule.access } else { rule.access & AccessFs::from_file(NEWEST) };
        ruleset = ruleset.add_rule(PathBeneath::new(descriptor, access)).map_err(|error| failed(&error))?;
    }
    ruleset.restrict_self().map_err(|error| Error::Landlock(error.to_string()))
}
