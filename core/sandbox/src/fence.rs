//! Landlock: which files may be opened, whatever path leads to them.
//!
//! Everything that the kernel can restrict is restricted: files, TCP ports, abstract sockets and signals that leave the
//! jail. A template may open nothing. A zone may read what the loader needs until its seal, and what its manifest's
//! `files` names for ever, and connect to the ports that `network` names. Nobody may execute but a program of the machine itself: the loader maps libraries, which is reading.

use crate::error::Error;
use crate::layer::{LayerName, Report};
use crate::spec::{Layers, ServedNetwork, ServedPorts, ServiceContents, ZoneContents};
use crate::sys;
use cloison_contract::host::FilesRights;
use cloison_contract::interface::FileRule;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, NetPort, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, Scope,
};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// The newest interface whose rights have been looked at here. An older kernel enforces what it knows.
const NEWEST: ABI = ABI::V9;

/// One file or folder and what may be done beneath it.
pub(crate) struct Rule<'fd> {
    what: What<'fd>,
    access: BitFlags<AccessFs>,
}

/// How it is found.
enum What<'fd> {
    /// By its path.
    At(PathBuf),
    /// By a descriptor that the spec lends.
    Opened(BorrowedFd<'fd>),
}

/// What may be done with the machine's network.
#[derive(Clone, Copy)]
pub(crate) enum Network<'a> {
    /// A library connects to these ports, and nobody looks at it but Landlock.
    OfLibrary(&'a [u16]),
    /// A host service has these ports, and looks at each address itself.
    OfService(&'a ServedNetwork),
}

impl<'a> Network<'a> {
    /// That of a zone or of a host service; `None` if it has none.
    pub(crate) fn of(zone: Option<&'a ZoneContents<'_>>, service: Option<&'a ServiceContents<'_>>) -> Option<Self> {
        let of_service = service.and_then(|service| service.network()).map(Self::OfService);
        of_service.or_else(|| Self::of_library(&zone?.connect))
    }

    /// That of a library which connects to these ports; `None` if there are none.
    pub(crate) fn of_library(connect: &'a [u16]) -> Option<Self> {
        (!connect.is_empty()).then_some(Self::OfLibrary(connect))
    }

    /// To which ports it connects, and at which it is connected to; `None` is whatever they are.
    fn ports(self) -> [Option<&'a [u16]>; 2] {
        let these = |ports: &'a ServedPorts| match ports {
            ServedPorts::These(ports) => Some(ports.as_slice()),
            ServedPorts::All => None,
        };
        match self {
            Self::OfLibrary(connect) => [Some(connect), Some(&[])],
            Self::OfService(network) => [these(&network.connect), these(&network.listen)],
        }
    }
}

/// Before the seal: the loader's files, the libraries, and `files`.
pub(crate) fn loading_rules(zone: Option<&ZoneContents<'_>>, libraries: &[PathBuf]) -> Vec<Rule<'static>> {
    let Some(zone) = zone else { return Vec::new() };
    let read = |path: &Path| Rule { what: What::At(path.into()), access: AccessFs::ReadFile.into() };
    let existing = zone.loader.iter().filter(|path| path.exists());
    let mut rules: Vec<_> = existing.map(|path| read(path)).collect();
    rules.extend(libraries.iter().map(|library| read(library)));
    let folders = zone.folders.iter().map(|one| (Path::new(one.at), one.folder.rights));
    rules.extend(sealed_rules(&zone.opens(), folders));
    rules
}

/// What loads a program that names its libraries, on the distributions we know.
const INTERPRETERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"];

/// Of a program of the machine: what it reads when it is loaded, its folders, and which files can be started: itself, what loads it, and those that
/// are named.
pub(crate) fn command_rules(zone: Option<&ZoneContents<'_>>, programs: &[PathBuf]) -> Vec<Rule<'static>> {
    let Some(zone) = zone else { return Vec::new() };
    let existing = zone.loader.iter().filter(|path| path.exists());
    let list = |path: &PathBuf| Rule { what: What::At(path.into()), access: AccessFs::ReadFile | AccessFs::ReadDir };
    let start = |path: &Path| Rule { what: What::At(path.into()), access: AccessFs::ReadFile | AccessFs::Execute };
    let interpreters = INTERPRETERS.iter().map(Path::new).filter(|path| path.exists());
    let folders = zone.folders.iter().map(|one| (Path::new(one.at), one.folder.rights));
    let starts = programs.iter().map(PathBuf::as_path).chain(interpreters);
    existing.map(list).chain(starts.map(start)).chain(sealed_rules(&zone.opens(), folders)).collect()
}

/// After the seal: `files` and the private folder, and the folders that a capability gives with exactly their rights.
pub(crate) fn sealed_rules<'a>(
    files: &[FileRule],
    folders: impl Iterator<Item = (&'a Path, FilesRights)>,
) -> Vec<Rule<'static>> {
    let rule = |file: &FileRule| Rule { what: What::At(file.path.clone().into()), access: file_access(file.write) };
    let given = folders.filter(|(_, rights)| rights.any());
    let given = given.map(|(at, rights)| Rule { what: What::At(at.into()), access: folder_access(rights) });
    files.iter().map(rule).chain(given).collect()
}

/// Of a host service: exactly what each of its folders gives.
pub(crate) fn service_rules<'fd>(service: &ServiceContents<'fd>) -> Vec<Rule<'fd>> {
    let folders = service.folders.iter().map(|folder| (folder.descriptor, folder.rights));
    let scratch = service.scratch.map(|scratch| (scratch.descriptor, FilesRights::ALL));
    let folders = folders.chain(scratch).filter(|(_, rights)| rights.any());
    let rule = |(folder, rights)| Rule { what: What::Opened(folder), access: folder_access(rights) };
    folders.map(rule).collect()
}

/// What Landlock can tell apart. That an existing file is only appended to, and that who may create may write only what is new,
/// the service's own code sees to.
fn folder_access(rights: FilesRights) -> BitFlags<AccessFs> {
    let mut access = BitFlags::empty();
    let mut give = |given: bool, more: BitFlags<AccessFs>| {
        if given {
            access |= more;
        }
    };
    give(rights.read, AccessFs::ReadFile.into());
    give(rights.list, AccessFs::ReadDir.into());
    give(rights.append, AccessFs::WriteFile.into());
    give(rights.write, AccessFs::WriteFile | AccessFs::Truncate);
    let make = AccessFs::MakeReg | AccessFs::MakeDir | AccessFs::MakeSym | AccessFs::Refer;
    give(rights.create, AccessFs::WriteFile | AccessFs::Truncate | make);
    give(rights.delete, AccessFs::RemoveFile | AccessFs::RemoveDir | AccessFs::Refer);
    access
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
pub(crate) fn put_up(
    asked: Layers,
    rules: &[Rule<'_>],
    network: Option<Network<'_>>,
    report: &mut Report,
) -> Result<(), Error> {
    if !asked.has(Layers::LANDLOCK) {
        report.off(LayerName::Landlock);
        return Ok(());
    }
    let kernel = match restrict(rules, network)?.landlock {
        LandlockStatus::Available { effective_abi, kernel_abi } => Ok(kernel_abi.unwrap_or(effective_abi as i32)),
        LandlockStatus::NotEnabled => Err("switched off at boot"),
        LandlockStatus::NotImplemented => Err("needs Linux 5.13"),
    };
    match standing(kernel, rules.len(), network)? {
        Ok(detail) => {
            report.on(LayerName::Landlock, detail);
            Ok(())
        }
        Err(why) => report.unavailable(LayerName::Landlock, why),
    }
}

/// The first interface that restricts ports.
const PORTS: i32 = 4;

/// What so many rules and that network have come to with the kernel's interface of that number, or with none and why: how the layer stands, or why
/// it does not. The error is that there is no start.
fn standing(
    kernel: Result<i32, &'static str>,
    rules: usize,
    network: Option<Network<'_>>,
) -> Result<Result<String, &'static str>, Error> {
    let ports = match (network, kernel) {
        (Some(network), Ok(PORTS..)) => format!("; {}", describe(network)),
        // Nobody else would tell ports apart, so there is no start without it, whatever may be missing.
        (Some(Network::OfLibrary(_)), Ok(_)) => return Err(no_ports("to restrict ports takes Linux 6.7")),
        (Some(Network::OfLibrary(_)), Err(_)) => {
            return Err(no_ports(
                "a library with a network has its ports restricted by it, and this kernel has it not",
            ));
        }
        (Some(Network::OfService(_)), _) => "; TCP to and at all ports: to restrict them takes Linux 6.7".to_owned(),
        (None, _) => String::new(),
    };
    let opened = if rules == 0 { "nothing".to_owned() } else { format!("{rules} paths") };
    Ok(kernel.map(|version| format!("ABI {version}, {opened} may be opened{ports}")))
}

fn no_ports(why: &str) -> Error {
    Error::Missing { name: LayerName::Landlock, detail: why.to_owned() }
}

/// What of TCP is refused but for some ports, and which those are. Where all are allowed, there is no rule that says so.
fn ports(network: Option<Network<'_>>) -> [(AccessNet, Option<&[u16]>); 2] {
    let [connect, listen] = network.map_or([Some(&[][..]); 2], Network::ports);
    [(AccessNet::ConnectTcp, connect), (AccessNet::BindTcp, listen)]
}

fn describe(network: Network<'_>) -> String {
    let count = |ports: Option<&[u16]>| match ports {
        None => "all ports".to_owned(),
        Some(ports) => format!("{} ports", ports.len()),
    };
    let [connect, listen] = network.ports().map(count);
    format!("TCP to {connect}, at {listen}")
}

fn restrict(rules: &[Rule<'_>], network: Option<Network<'_>>) -> Result<RestrictionStatus, Error> {
    let refused = ports(network).into_iter().filter(|(_, ports)| ports.is_some());
    let refused: BitFlags<AccessNet> = refused.map(|(access, _)| access).collect();
    // A newer kernel may know more of networks than these: it is refused to everybody but a host service.
    let refused = match network {
        None | Some(Network::OfLibrary(_)) => AccessNet::from_all(NEWEST),
        Some(Network::OfService(_)) => refused,
    };
    let ruleset = || -> Result<_, RulesetError> {
        let ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?;
        let ruleset = if refused.is_empty() { ruleset } else { ruleset.handle_access(refused)? };
        ruleset.create()
    };
    let mut ruleset = ruleset().map_err(|error| Error::Landlock(error.to_string()))?;
    for rule in rules {
        ruleset = match &rule.what {
            What::At(path) => {
                let failed = |error: &dyn std::fmt::Display| Error::Landlock(format!("{}: {error}", path.display()));
                let descriptor = PathFd::new(path).map_err(|error| failed(&error))?;
                // A file can have only some of the rights of a folder.
                let access = if path.is_dir() { rule.access } else { rule.access & AccessFs::from_file(NEWEST) };
                ruleset.add_rule(PathBeneath::new(descriptor, access)).map_err(|error| failed(&error))?
            }
            What::Opened(folder) => ruleset
                .add_rule(PathBeneath::new(*folder, rule.access))
                .map_err(|error| Error::Landlock(format!("descriptor {}: {error}", sys::number(*folder))))?,
        };
    }
    for (access, port) in
        ports(network).iter().flat_map(|(access, ports)| ports.unwrap_or_default().iter().map(|port| (*access, *port)))
    {
        ruleset = ruleset
            .add_rule(NetPort::new(port, access))
            .map_err(|error| Error::Landlock(format!("port {port}: {error}")))?;
    }
    ruleset.restrict_self().map_err(|error| Error::Landlock(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [Result<i32, &str>; 2] = [Err("switched off at boot"), Err("needs Linux 5.13")];

    #[test]
    fn a_library_s_ports_are_restricted_or_it_does_not_start() {
        let network = Network::of_library(&[443, 53]);
        for kernel in (1..PORTS).map(Ok).chain(NONE) {
            let refused = standing(kernel, 3, network);
            assert!(
                matches!(refused, Err(Error::Missing { name: LayerName::Landlock, .. })),
                "{kernel:?}: {refused:?}"
            );
        }
        for version in PORTS..=NEWEST as i32 + 1 {
            let stands = standing(Ok(version), 3, network).expect("it starts");
            assert_eq!(stands, Ok(format!("ABI {version}, 3 paths may be opened; TCP to 2 ports, at 0 ports")));
        }
        assert!(Network::of_library(&[]).is_none());
    }

    #[test]
    fn who_has_no_network_or_looks_at_addresses_itself_starts_with_what_there_is() {
        let these = ServedPorts::These(vec![80]);
        let served = ServedNetwork { connect: these, listen: ServedPorts::All, datagrams: false };
        for network in [None, Some(Network::OfService(&served))] {
            for kernel in NONE {
                assert_eq!(standing(kernel, 0, network).expect("no error").err(), kernel.err());
            }
            for version in 1..=NEWEST as i32 {
                let stands = standing(Ok(version), 0, network).expect("no error").expect("it stands");
                let ports = match (network, version) {
                    (None, _) => "",
                    (Some(_), PORTS..) => "; TCP to 1 ports, at all ports",
                    (Some(_), _) => "; TCP to and at all ports: to restrict them takes Linux 6.7",
                };
                assert_eq!(stands, format!("ABI {version}, nothing may be opened{ports}"));
            }
        }
    }
}
