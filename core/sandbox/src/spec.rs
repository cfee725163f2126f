//! What a jail should be like.

use crate::jail::{Confined, Enclosed, Loading, Template};
use crate::limits::ResourceLimits;
use crate::policy::{self, Reach};
use cloison_contract::host::{FilesRights, SCRATCH};
use cloison_contract::interface::FileRule;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

/// Where the dynamic loader looks, on the distributions we know. Those that do not exist are left out.
pub const LOADER_FILES: [&str; 6] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"];

/// A jail to enter. Fields not named in the constructors have strict values; each may be changed before
/// [`enter`](crate::enter).
#[derive(Clone, Debug)]
pub struct Spec<'fd, R> {
    /// What the worker may use up.
    pub limits: ResourceLimits,
    /// Names of layers ([`layer`](crate::layer)) without which the start goes on.
    pub may_be_missing: Vec<String>,
    /// What stays open besides 0, 1 and 2.
    pub descriptors: Vec<BorrowedFd<'fd>>,
    /// Production asks for all of them; tests switch single ones off to see the others hold alone.
    pub layers: Layers,
    /// What differs between a template and a zone.
    pub role: R,
}

impl<'fd> Spec<'fd, Template> {
    /// The jail of a template: nothing but its descriptors.
    pub fn template(limits: ResourceLimits) -> Self {
        Spec { limits, may_be_missing: Vec::new(), descriptors: Vec::new(), layers: Layers::ALL, role: Template::new() }
    }
}

impl<'fd> Spec<'fd, ZoneContents<'fd>> {
    /// The jail of a zone: its library, what the loader needs for it, and what `files` names.
    pub fn zone(limits: ResourceLimits, zone: ZoneContents<'fd>) -> Self {
        Spec { limits, may_be_missing: Vec::new(), descriptors: Vec::new(), layers: Layers::ALL, role: zone }
    }
}

impl<'fd> Spec<'fd, ServiceContents<'fd>> {
    /// The jail of a host service: the folders that it serves.
    pub fn service(limits: ResourceLimits, service: ServiceContents<'fd>) -> Self {
        Spec { limits, may_be_missing: Vec::new(), descriptors: Vec::new(), layers: Layers::ALL, role: service }
    }
}

/// What the jail of a host service has inside. It loads nothing, so that it is sealed when it is entered.
#[derive(Clone, Debug)]
pub struct ServiceContents<'fd> {
    /// The folders that it serves.
    pub folders: Vec<ServedFolder<'fd>>,
    /// How large its private folder is, if it has one.
    pub scratch: Option<PrivateFolder<'fd>>,
    /// What it is there for.
    pub kind: ServiceKind,
    /// How many threads there may be.
    pub threads: u32,
}

/// What a host service is there for: its filter is one that lets it do just that.
#[derive(Clone, Debug)]
pub enum ServiceKind {
    /// What is below its folders.
    Files,
    /// To write to descriptors that it has.
    Log,
    /// The machine's network, instead of one of its own that leads nowhere.
    Net(ServedNetwork),
    /// To have programs started by the broker.
    Process,
}

/// What a host service may do with the machine's network. Landlock knows ports of TCP; addresses are the service's part.
#[derive(Clone, Debug)]
pub struct ServedNetwork {
    /// Ports that it may connect to.
    pub connect: ServedPorts,
    /// Ports that it may be connected to at. 0 is one that the kernel chooses.
    pub listen: ServedPorts,
    /// It may have sockets of UDP: to ask name servers.
    pub datagrams: bool,
}

/// Ports of TCP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServedPorts {
    /// Whatever they are.
    All,
    /// These.
    These(Vec<u16>),
}

/// A folder that a host service serves. The broker has opened it by its path. From [`enter`](crate::enter) on the same
/// descriptor is the folder inside, from which no path leads out.
#[derive(Clone, Copy, Debug)]
pub struct ServedFolder<'fd> {
    /// The folder.
    pub descriptor: BorrowedFd<'fd>,
    /// What may be done below it.
    pub rights: FilesRights,
}

/// A folder that a library's zone has, at a place of its own.
#[derive(Clone, Copy, Debug)]
pub struct PlacedFolder<'fd> {
    /// Where it is inside: absolute, not above or below another folder's or one of the loader's.
    pub at: &'fd str,
    /// The folder.
    pub folder: ServedFolder<'fd>,
}

/// A folder of a host service's own, in memory, which ends with its process.
#[derive(Clone, Copy, Debug)]
pub struct PrivateFolder<'fd> {
    /// Whatever; from [`enter`](crate::enter) on it is the folder.
    pub descriptor: BorrowedFd<'fd>,
    /// How much it holds.
    pub bytes: u64,
}

impl ServiceContents<'_> {
    /// Its filter.
    pub(crate) fn policy(&self) -> policy::Policy {
        match &self.kind {
            ServiceKind::Files => policy::files_service(self.threads),
            ServiceKind::Log => policy::log_service(self.threads),
            ServiceKind::Process => policy::process_service(self.threads),
            ServiceKind::Net(network) => policy::net_service(&policy::NetNeeds {
                threads: self.threads,
                datagrams: network.datagrams,
                listens: network.listen != ServedPorts::These(Vec::new()),
            }),
        }
    }

    /// A service without any folder.
    pub fn without_folders(kind: ServiceKind, threads: u32) -> Self {
        Self { folders: Vec::new(), scratch: None, kind, threads }
    }

    /// The machine's network, if it serves that.
    pub(crate) fn network(&self) -> Option<&ServedNetwork> {
        match &self.kind {
            ServiceKind::Net(network) => Some(network),
            ServiceKind::Files | ServiceKind::Log | ServiceKind::Process => None,
        }
    }

    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let folders = self.folders.iter().map(|folder| folder.descriptor);
        folders.chain(self.scratch.map(|scratch| scratch.descriptor))
    }
}

impl<'fd> Spec<'fd, CommandContents<'fd>> {
    /// The jail of a program of the machine: its file, what the loader needs for it, its folders.
    pub fn command(limits: ResourceLimits, command: CommandContents<'fd>) -> Self {
        Spec { limits, may_be_missing: Vec::new(), descriptors: Vec::new(), layers: Layers::ALL, role: command }
    }
}

/// What the jail of a program of the machine has inside: what a zone has, with the program in the place of the library, those that it may start
/// in the place of those that go with it, and the harmless devices.
#[derive(Clone, Debug)]
pub struct CommandContents<'fd>(pub(crate) ZoneContents<'fd>);

/// Devices that ordinary programs open.
const DEVICES: [&str; 3] = ["/dev/null", "/dev/random", "/dev/urandom"];

impl<'fd> CommandContents<'fd> {
    /// That program, those that it may start, and its folders.
    pub fn new(
        program: BorrowedFd<'fd>,
        others: impl Iterator<Item = BorrowedFd<'fd>>,
        folders: Vec<PlacedFolder<'fd>>,
        scratch_bytes: Option<u64>,
    ) -> Self {
        let device = |path: &&str| FileRule { path: (*path).to_owned(), write: true };
        Self(ZoneContents {
            further: others.map(LibraryFile).collect(),
            files: DEVICES.iter().filter(|path| std::path::Path::new(path).exists()).map(device).collect(),
            folders,
            scratch_bytes,
            ..ZoneContents::new(LibraryFile(program))
        })
    }
}

/// What a zone's jail has inside.
#[derive(Clone, Debug)]
pub struct ZoneContents<'fd> {
    /// The library that will be loaded.
    pub library: LibraryFile<'fd>,
    /// Those that will be loaded before it and behind it.
    pub further: Vec<LibraryFile<'fd>>,
    /// Files and folders that the dynamic loader reads, see [`LOADER_FILES`]. Read-only, and gone with the seal.
    pub loader: Vec<PathBuf>,
    /// What the manifest's `files` lets the library open, also after the seal.
    pub files: Vec<FileRule>,
    /// Ports of TCP that the library may connect to. If there are any, it is in the machine's network, and else in one that leads nowhere.
    pub connect: Vec<u16>,
    /// How large its private folder at [`SCRATCH`] is, if it has one.
    pub scratch_bytes: Option<u64>,
    /// Folders that it has besides, by descriptor, as a host service has its own. Inside, each is at its place.
    pub folders: Vec<PlacedFolder<'fd>>,
    /// How many threads there may be; 1 takes away the right to make any.
    pub threads: u32,
    /// Each call runs in a process of its own: [`Jail::become_fork_server`](crate::Jail::become_fork_server) instead of
    /// [`Jail::seal`](crate::Jail::seal). The limit of processes has to count that process.
    pub per_call: bool,
}

impl<'fd> ZoneContents<'fd> {
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.folders.iter().map(|one| one.folder.descriptor)
    }

    /// One thread, no files, the loader's usual places.
    pub fn new(library: LibraryFile<'fd>) -> Self {
        let loader = LOADER_FILES.iter().map(PathBuf::from).collect();
        let (further, files, folders, scratch_bytes) = (Vec::new(), Vec::new(), Vec::new(), None);
        let connect = Vec::new();
        ZoneContents { library, further, loader, files, connect, folders, scratch_bytes, threads: 1, per_call: false }
    }

    /// The files of all libraries, the one that matters first.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = BorrowedFd<'fd>> {
        std::iter::once(&self.library).chain(&self.further).map(|file| file.0)
    }

    /// What the library may open, its private folder included.
    pub(crate) fn opens(&self) -> Vec<FileRule> {
        let scratch = self.scratch_bytes.map(|_| FileRule { path: SCRATCH.to_owned(), write: true });
        self.files.iter().cloned().chain(scratch).collect()
    }

    /// What its policies depend on, `files` being what it [opens](Self::opens).
    pub(crate) fn needs<'f>(&self, files: &'f [FileRule], apart: bool) -> policy::Needs<'f> {
        let (threads, per_call) = (self.threads, self.per_call);
        let folders = Reach::of(self.folders.iter().map(|one| one.folder.rights));
        policy::Needs { files, folders, network: !self.connect.is_empty(), threads, per_call, apart }
    }
}

/// The file of a library, opened by the broker. Inside the jail it is found at the path it had outside, whatever else
/// may have been put there meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct LibraryFile<'fd>(pub BorrowedFd<'fd>);

/// A kind of jail: [`Template`], [`ZoneContents`], [`ServiceContents`] or [`CommandContents`].
pub trait Role: private::AsZone {
    /// What [`enter`](crate::enter) gives.
    type Stage;
    #[doc(hidden)]
    fn stage(&self, inside: private::JailFindings) -> Self::Stage;
}

impl Role for Template {
    type Stage = Template;

    fn stage(&self, _: private::JailFindings) -> Template {
        Template::new()
    }
}

impl Role for ZoneContents<'_> {
    type Stage = Loading;

    fn stage(&self, inside: private::JailFindings) -> Loading {
        let private::JailFindings { library, further } = inside;
        let folders = self.folders.iter().map(|folder| (folder.at.into(), folder.folder.rights)).collect();
        let connect = self.connect.clone();
        Loading {
            library,
            further,
            files: self.opens(),
            connect,
            folders,
            threads: self.threads,
            per_call: self.per_call,
        }
    }
}

impl Role for CommandContents<'_> {
    type Stage = Confined;

    fn stage(&self, _: private::JailFindings) -> Confined {
        Confined(())
    }
}

impl Role for ServiceContents<'_> {
    type Stage = Enclosed;

    fn stage(&self, _: private::JailFindings) -> Enclosed {
        Enclosed(())
    }
}

/// Keeps [`Role`] sealed: only this crate implements it.
pub(crate) mod private {
    /// What the steps of the jail have found out for the stage.
    #[derive(Debug)]
    pub struct JailFindings {
        /// Where the library is; empty for a template.
        pub library: std::path::PathBuf,
        /// Where those are that go with it.
        pub further: Vec<std::path::PathBuf>,
    }

    /// A role as the steps of the jail see it.
    pub trait AsZone {
        /// The zone, if it is one.
        fn zone(&self) -> Option<&super::ZoneContents<'_>> {
            None
        }
        /// Whether the zone is one for a program, which is started and not loaded.
        fn is_command(&self) -> bool {
            false
        }
        /// The host service, if it is one.
        fn service(&self) -> Option<&super::ServiceContents<'_>> {
            None
        }
    }
    impl AsZone for super::Template {}
    impl AsZone for super::CommandContents<'_> {
        fn zone(&self) -> Option<&super::ZoneContents<'_>> {
            Some(&self.0)
        }
        fn is_command(&self) -> bool {
            true
        }
    }
    impl AsZone for super::ServiceContents<'_> {
        fn service(&self) -> Option<&super::ServiceContents<'_>> {
            Some(self)
        }
    }
    impl AsZone for super::ZoneContents<'_> {
        fn zone(&self) -> Option<&super::ZoneContents<'_>> {
            Some(self)
        }
    }
}

/// A set of layers to put up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Layers(u16);

impl Layers {
    /// All namespaces, together with the new root.
    pub const NAMESPACES: Layers = Layers(1);
    /// Only the new root inside the mount namespace.
    pub const ROOT: Layers = Layers(1 << 1);
    /// Landlock.
    pub const LANDLOCK: Layers = Layers(1 << 2);
    /// seccomp filters.
    pub const SECCOMP: Layers = Layers(1 << 3);
    /// Resource limits.
    pub const RLIMITS: Layers = Layers(1 << 4);
    /// An identity without rights: uid, groups, capabilities.
    pub const CREDENTIALS: Layers = Layers(1 << 5);
    /// Closing of descriptors nobody declared.
    pub const DESCRIPTORS: Layers = Layers(1 << 6);
    /// The kernel's own refusal of memory that is writable and executable.
    pub const MEMORY: Layers = Layers(1 << 7);
    /// What production asks for.
    pub const ALL: Layers = Layers(0xff);
    /// None.
    pub const NONE: Layers = Layers(0);

    /// Is all of `other` in it?
    pub const fn has(self, other: Layers) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    pub const fn with(self, other: Layers) -> Layers {
        Layers(self.0 | other.0)
    }

    /// This without `other`.
    pub const fn without(self, other: Layers) -> Layers {
        Layers(self.0 & !other.0)
    }
}
