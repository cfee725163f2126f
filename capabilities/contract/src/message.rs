//! The control messages, as a table per socket.
//!
//! All travel as `postcard` over a `SOCK_SEQPACKET` pair made by the broker, one message a packet; descriptors ride
//! along in the order said. Whatever a peer says is a claim: the broker checks it against its own tables.
//!
//! # Broker ↔ template
//!
//! | from | message | descriptors | answer |
//! |---|---|---|---|
//! | broker | [`ToTemplate::Boot`] | | `Split` from the launcher, `Jailed` from inside the sandbox, any number of `Find`, then `Ready`, or `Preloaded` if it is to be kept warm, or `Failed` |
//! | broker | [`ToTemplate::Import`], to a template that was kept warm, before its first fork | its stdout, stderr | any number of `Find`, then `Ready` or `Failed` |
//! | template | [`FromTemplate::Find`] | | `Found` |
//! | template | [`FromTemplate::Which`] | | `These` |
//! | broker | [`ToTemplate::Fork`] | the child's control socket, its stdin, stdout, stderr, its mailbox's memory and bell | `Forked` with a pidfd, or `ForkFailed` |
//! | broker | [`ToTemplate::ForkTemplate`], not to a program template | the control socket of the program template, its stdin, stdout, stderr | the same; from the program template, on that socket, any number of `Find`, then `Ready` or `Failed` |
//!
//! # Broker ↔ microprocess
//!
//! | from | message | descriptors | answer |
//! |---|---|---|---|
//! | broker | [`ToMicroprocess::Run`], first and once | its stdin, stdout, stderr, if it was forked before they were known | none |
//! | microprocess | [`FromMicroprocess::Spawn`] | | `Spawned` or `Denied` |
//! | microprocess | [`FromMicroprocess::Describe`] | | `Described`, `DescribedService` or `Denied` |
//! | microprocess | [`FromMicroprocess::Narrow`] | | `Narrowed` or `Denied` |
//! | microprocess | [`FromMicroprocess::Give`] | | `Done` or `Denied` |
//! | microprocess | [`FromMicroprocess::Revoke`] | | `Done` or `Denied` |
//! | microprocess | [`FromMicroprocess::Release`] | | none |
//! | microprocess | [`FromMicroprocess::Refused`] | | none |
//! | microprocess | [`FromMicroprocess::Offer`] | | `Offered`, `Invalid` or `Denied` |
//! | microprocess | [`FromMicroprocess::Admit`] | | `Admitted`, `Denied`, `Exceeded` or `Because` |
//! | microprocess | [`FromMicroprocess::Open`] | | `Opened` with the channel's and the terms' memfds, or `Denied` or `Unavailable` |
//! | microprocess | [`FromMicroprocess::Find`] | | `Found` |
//! | microprocess | [`FromMicroprocess::Interrupt`] | | none; what waits in a host service ends with `EINTR` |
//! | microprocess | [`FromMicroprocess::Overdue`] | | none; the channel is closed |
//! | microprocess | [`FromMicroprocess::Why`] | | `Because`, or `Unavailable` if nobody knows |
//!
//! # Broker ↔ zone
//!
//! | from | message | descriptors | answer |
//! |---|---|---|---|
//! | broker | [`ToZone::Load`] | the library file, the status page's memfd | `Split` from the launcher, `Jailed` from inside the sandbox, then `Ready` or `Failed` |
//! | broker | [`ToZone::Library`] | a file | none; right behind `Load`, one for each of `needs` and then of `preload`, in order |
//! | broker | [`ToZone::Serve`] | the status page's memfd, the account of what is written | the same; to a zone that is a host service |
//! | broker | [`ToZone::Folder`] | a folder | none; right behind `Serve` or `Load` and its libraries, one for each root, in order |
//! | broker | [`ToZone::Machine`] | | none; right behind `Serve`, to a service for networks or for HTTP |
//! | broker | [`ToZone::Secrets`] | | none; right behind `Machine`, to a service for HTTP |
//! | broker | [`ToZone::Execute`] | the program's file, its stdin, stdout, stderr | `Split`, `Jailed`, then `Ready`, and it becomes the program; or `Failed`, which may follow `Ready` as well. To `cloison-host`, as the first message |
//! | broker | [`ToZone::Program`] | a file | none; right behind `Execute`, one for each program that this one may start, and then `Folder` for each root |
//! | broker | [`ToZone::Log`] | a file to write to, which can only grow | none; right behind `Serve`, to a service for logs, and once more after `Full` |
//! | broker | [`ToZone::Attach`] | the channel's and the terms' memfds, and an account's for each of `quotas` | none |
//! | broker | [`ToZone::Detach`] | | `Detached` |
//! | broker | [`ToZone::Interrupt`] | | none; to a host service |
//! | zone | [`FromZone::Run`] | the program's stdin, stdout, stderr, a leash | on the leash: `Started` or `Refused`, then how it ended; from a service for programs |
//! | zone | [`FromZone::Called`] | | none; a line of the audit trail |
//! | zone | [`FromZone::Full`] | | `Log`, with another file; from a service for logs |
//! | zone | [`FromZone::Late`] | | none; SIGURG to the microprocess, which looks at its own clock |
//! | zone | [`FromZone::Refused`] | | none; a line of the log |

use crate::deterministic::Deterministic;
use crate::grant::Quota;
use crate::host::http::Secret;
use crate::host::{FilesRights, FilesRoot, HostService, ProcessCommand};
use crate::process::{Priority, ProcessNumber, ProcessRef};
use crate::{FunctionId, Grant, Interface};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One call channel, unique in a broker's life.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ChannelId(pub u64);

/// A grant, as its holders name it. Its number is for people; whoever names it with its token was given it, which is not enough
/// to use it: the broker knows who holds it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct CapabilityRef {
    /// Which; never used twice in a broker's life.
    pub number: u64,
    /// 16 bytes from the kernel's random generator.
    pub token: [u8; 16],
}

/// A capability that a microprocess means.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum CapabilityName {
    /// The one that it holds under that name.
    Named(String),
    /// That grant, whatever it is called.
    Referred(CapabilityRef),
}

/// What a capability is to be narrowed by, as a program writes it. Whatever is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct NarrowRequest {
    /// These functions alone.
    pub functions: Option<Vec<String>>,
    /// Functions, and what must hold for their arguments, as in `where`.
    pub bounds: Vec<(String, String)>,
    /// As in `cloison.toml`: `100/s`.
    pub rate: Option<String>,
    /// At most this many calls.
    pub calls: Option<u64>,
    /// At most this many bytes of arguments and results.
    pub bytes: Option<u64>,
    /// At most so much of the zone's processor time, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// It ends after that time, in milliseconds.
    pub expires_ms: Option<u64>,
    /// Whoever is given it cannot give it on.
    pub personal: bool,
    /// No callables may be passed.
    pub quiet: bool,
    /// It ends with the process that makes it.
    pub is_lease: bool,
}

/// What every worker says first: which layers are in force. See `cloison_sandbox::Report`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Jailed {
    /// One entry for each layer.
    pub layers: Vec<Layer>,
    /// The worker's process id in the broker's namespace, and that of the namespace's init if there is one.
    pub worker: i32,
    /// See `worker`.
    pub init: Option<i32>,
}

/// One enforcement mechanism and what became of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Layer {
    /// What a [`LayerName`](crate::layer::LayerName) is called; a probe of the kernel has names of its own besides.
    pub name: String,
    /// On, off or unavailable.
    pub state: LayerState,
    /// What is in force (`"ABI 7"`), or why it is not.
    pub detail: String,
}

/// Whether a layer is in force.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerState {
    /// It was not asked for.
    Off,
    /// In force.
    On,
    /// Asked for, but this kernel or this user cannot have it.
    Unavailable,
}

/// From the broker to the template.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum ToTemplate {
    /// The answer to [`FromTemplate::Find`].
    Found(Option<Module>),
    /// The answer to [`FromTemplate::Which`].
    These(Vec<String>),
    /// Import these modules.
    Boot {
        /// The modules to import before the first fork, in order.
        preload: Vec<String>,
        /// Address space of each microprocess, in bytes.
        memory_bytes: u64,
        /// Processor time of each microprocess, in seconds.
        cpu_seconds: u64,
        /// Descriptors of each microprocess.
        descriptors: u32,
        /// How many microprocesses there may be at once.
        processes: u32,
        /// Layers that may be missing on a kernel that has not got them.
        may_be_missing: Vec<String>,
        /// Where programs see the application's own folders.
        folders: Vec<String>,
        /// Its clock and its randomness, if they are not the machine's.
        deterministic: Deterministic,
        /// Import what most programs do before anything is forked: nobody waits for this template yet.
        warm: bool,
    },
    /// Import these modules as well: who has this template now is known.
    Import {
        /// In order.
        modules: Vec<String>,
        /// As of [`ToTemplate::Boot`].
        folders: Vec<String>,
    },
    /// The answer to [`FromTemplate::Look`], or an error number.
    Looked(Result<Looked, i32>),
    /// Make one microprocess, which waits for its [`ToMicroprocess::Run`].
    Fork {
        /// 32 bytes from the kernel's random generator.
        seed: [u8; 32],
        /// It is forked long before anybody needs it, so it goes the way of a program once, for nothing.
        rehearse: bool,
    },
    /// Make another template, which imports the program's own module and forks those microprocesses that need it.
    ForkTemplate {
        /// 32 bytes from the kernel's random generator.
        seed: [u8; 32],
        /// What the application runs as `__main__`: there the module is called `__mp_main__`.
        main: Box<Run>,
        /// What its capabilities give to those who hold them.
        gives: Gives,
    },
}

/// What some microprocess of an application may find that another does not.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Gives {
    /// Where there are files.
    pub places: Vec<String>,
    /// Whether there are services that the standard library uses besides files.
    pub services: bool,
}

/// What a microprocess runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Run {
    /// Call a function without arguments: `module:qualname`.
    Function {
        /// The module, imported in the template.
        module: String,
        /// The function in it.
        qualname: String,
        /// `sys.argv`
        argv: Vec<String>,
    },
    /// Run a source as `__main__`.
    Script {
        /// The file name that tracebacks and `__file__` show.
        path: String,
        /// The text.
        source: String,
        /// `sys.argv`
        argv: Vec<String>,
    },
    /// Call a function with arguments, as another microprocess has asked.
    Spawned {
        /// The module; `__main__` stands for that of `main`.
        module: String,
        /// The function in it.
        qualname: String,
        /// A tuple of arguments, encoded as a message; `None` if it comes as the parent's first message.
        arguments: Option<Vec<u8>>,
        /// A name that it registers itself under before.
        register: Option<String>,
        /// What the application runs as `__main__`, if that is needed and the template has not imported it: here the module is
        /// called `__mp_main__`.
        main: Option<Box<Run>>,
        /// `sys.argv`
        argv: Vec<String>,
    },
    /// Run a module as `__main__`: one of the standard library or of the application's folders.
    Module {
        /// `package.module`; a package stands for its `__main__`.
        name: String,
        /// `sys.argv`, whose first item becomes the module's file.
        argv: Vec<String>,
    },
}

impl Run {
    /// `sys.argv`
    pub fn argv(&self) -> &[String] {
        match self {
            Self::Function { argv, .. }
            | Self::Module { argv, .. }
            | Self::Script { argv, .. }
            | Self::Spawned { argv, .. } => argv,
        }
    }
}

/// What a microprocess is, as it is told before its first instruction.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Begin {
    /// What it runs.
    pub run: Run,
    /// Itself.
    pub myself: ProcessRef,
    /// Who has spawned it.
    pub parent: Option<ProcessRef>,
    /// Its name, for people.
    pub name: Option<String>,
    /// How much memory it may use, in bytes.
    pub memory_bytes: u64,
    /// How much processor time, in seconds.
    pub cpu_seconds: u64,
    /// How much may wait in a mailbox, its own or another one's, in bytes.
    pub mailbox_bytes: u64,
    /// Where it sees files.
    pub mounts: Vec<Mount>,
    /// Where it sees the application's own folders.
    pub folders: Vec<String>,
    /// Services that the standard library uses besides.
    pub services: Vec<ServiceOffer>,
}

/// A capability of a host service (`net`, …) that a microprocess holds: what the standard library has to know to find it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ServiceOffer {
    /// The service's name.
    pub service: String,
    /// The name of the capability.
    pub capability: String,
    /// What it gives, a line for each entry of `cloison.toml`; of `net`, `connect HOST:PORT` and `listen ADDRESS:PORT`; of `http`,
    /// `connect HOST:PORT` for each host.
    pub grants: Vec<String>,
    /// The capability's line, as `FILE:LINE`.
    pub location: String,
}

/// A folder that a capability of `files` gives.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Mount {
    /// Where the program sees it.
    pub at: String,
    /// The name of the capability.
    pub capability: String,
    /// What may be done below it.
    pub rights: FilesRights,
    /// The capability's line, as `FILE:LINE`.
    pub location: String,
}

/// One source file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Module {
    /// `package.module`
    pub name: String,
    /// It is an `__init__.py`, or a folder without one (a namespace package, with an empty `source`).
    pub package: bool,
    /// The file name that tracebacks and `__file__` show.
    pub path: String,
    /// The bytes of the file: UTF-8 unless its first lines say otherwise.
    pub source: Vec<u8>,
}

/// What a process wants to know of a file of the application's own folders.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Look {
    /// Which folder, in the order of `folders`.
    pub folder: u32,
    /// The path below it; empty for itself.
    pub path: Vec<u8>,
    /// What.
    pub what: LookFor,
}

/// How much of a file one [`Look`] gives: whoever answers has others to answer, too.
pub const LOOK_BYTES: usize = 256 << 10;

/// See [`Look`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum LookFor {
    /// The bytes of a file: [`LOOK_BYTES`] of them at most.
    Contents {
        /// From which on.
        from: u64,
    },
    /// What a symbolic link says.
    Link,
    /// What is in a folder.
    Names,
    /// What kind of thing it is.
    Status {
        /// Of what a symbolic link leads to.
        follow: bool,
    },
}

/// The answer to a [`Look`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Looked {
    /// Bytes of a file; fewer than [`LOOK_BYTES`] are its last ones.
    Contents {
        /// Which file, and how it is now: whoever puts pieces together sees whether they are of one.
        status: LookStatus,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// What a symbolic link says.
    Link(Vec<u8>),
    /// What is in a folder: the kind (a `DT_…` number) and the name of each.
    Names(Vec<(u8, Vec<u8>)>),
    /// What kind of thing it is.
    Status(LookStatus),
}

/// What `stat` says of a file of the application's own folders.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct LookStatus {
    /// Type and permissions; nobody writes.
    pub mode: u32,
    /// The inode.
    pub inode: u64,
    /// The device.
    pub device: u64,
    /// How many names it has.
    pub links: u64,
    /// How many bytes.
    pub size: u64,
    /// When it was changed, in nanoseconds since 1970.
    pub modify_ns: i64,
}

/// The most names of one [`FromTemplate::Which`].
pub const WHICH_NAMES: usize = 256;

/// From the template to the broker.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum FromTemplate {
    /// Is there a module of that dotted name on the application's path?
    Find {
        /// `package.module`
        name: String,
    },
    /// What is there in the application's own folder?
    Look(Look),
    /// Which of these modules, [`WHICH_NAMES`] at most, are on the application's path?
    Which {
        /// Each without a point.
        names: Vec<String>,
    },
    /// The modules could not be imported.
    Failed {
        /// A traceback, or a sentence.
        message: String,
        /// The exit status that Python would have given.
        status: i32,
    },
    /// A child runs; its pidfd comes along.
    Forked,
    /// No child could be made.
    ForkFailed {
        /// Why.
        message: String,
    },
    /// The sandbox is closed.
    Jailed(Jailed),
    /// What most programs import is there, and nothing of any application.
    Preloaded {
        /// The modules of the standard library that have been imported for that, without those inside of packages.
        modules: Vec<String>,
    },
    /// All modules have been imported.
    Ready,
    /// The launcher has made its two processes, and nothing else has happened to them yet.
    Split {
        /// The worker's process id in the broker's namespace: the launcher's own if there are no namespaces.
        worker: i32,
        /// That of the namespace's init, which may be dead already.
        init: Option<i32>,
    },
}

/// From a microprocess to the broker.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum FromMicroprocess {
    /// What does this capability offer?
    Describe {
        /// Which.
        capability: CapabilityName,
    },
    /// Is there a module of that dotted name on the application's path?
    Find {
        /// `package.module`
        name: String,
    },
    /// What is there in the application's own folder?
    Look(Look),
    /// Start another microprocess.
    Spawn(Box<Spawn>),
    /// Open a call channel for it.
    Open {
        /// Which.
        capability: CapabilityRef,
    },
    /// Let the call on this channel end, which waits for something in a host service: Ctrl-C has arrived.
    Interrupt {
        /// Which.
        channel: ChannelId,
    },
    /// A call on this channel did not end in time. The channel is given up.
    Overdue {
        /// Which.
        channel: ChannelId,
    },
    /// The Python stack, which the broker has asked for by SIGUSR1.
    Stack {
        /// Said between two instructions. Else it is how the signal found the process: which calls led to what it does, in native code
        /// as a rule. That comes first, whenever it is asked.
        settled: bool,
        /// As a traceback shows it, most recent call last.
        text: String,
    },
    /// Why was this channel closed?
    Why {
        /// Which.
        channel: ChannelId,
    },
    /// Make another capability, that allows less.
    Narrow {
        /// Which.
        capability: CapabilityRef,
        /// What it gives up.
        by: Box<NarrowRequest>,
    },
    /// Let another process hold them too, all of them or none. A message that names them follows.
    Give {
        /// Which; [`GIVEN_AT_ONCE`] at most.
        capabilities: Vec<CapabilityRef>,
        /// To whom.
        to: ProcessRef,
    },
    /// Take it back from all who hold it, with everything that was narrowed from it.
    Revoke {
        /// Which.
        capability: CapabilityRef,
    },
    /// It is not held any more: it was given so many times, and nothing of it is left here.
    Release {
        /// Which.
        capability: CapabilityRef,
        /// How many times.
        times: u32,
    },
    /// It has called a function so many times that its grant has not got, and has refused that itself: the zone, which would have, knows nothing of it.
    Refused {
        /// By which.
        capability: CapabilityRef,
        /// What.
        function: FunctionId,
        /// How many times.
        times: u32,
    },
    /// Make a capability of functions of its own: a service, which it serves itself.
    Offer {
        /// What the capability is called; [`SERVICE_NAME_BYTES`] at most.
        name: String,
        /// The functions, [`SERVICE_FUNCTIONS`] at most.
        functions: Vec<String>,
    },
    /// Another process calls a function of this one's service. May it?
    Admit {
        /// The number of the grant that it calls by, as that process says.
        grant: u64,
        /// Who it is, as the router says.
        client: ProcessNumber,
        /// The function, as that process says.
        function: String,
        /// How many bytes the message has.
        bytes: u64,
    },
}

/// The longest name of a service, and of one of its functions, in bytes.
pub const SERVICE_NAME_BYTES: usize = 64;
/// The most functions of a service.
pub const SERVICE_FUNCTIONS: usize = 256;
/// The most capabilities that are given in one [`FromMicroprocess::Give`].
pub const GIVEN_AT_ONCE: usize = 1000;

/// What `postcard` writes before the text of a [`FromMicroprocess::Stack`] that is not settled: for a signal handler, where nothing can be
/// allocated. The bytes, and how many of them.
pub fn unsettled_stack(text_bytes: u16) -> ([u8; 5], usize) {
    const STACK: u8 = 7;
    let [low, middle, high] =
        [text_bytes & 0x7f, text_bytes >> 7 & 0x7f, text_bytes >> 14].map(|seven_bits| seven_bits as u8);
    match (middle, high) {
        (0, 0) => ([STACK, 0, low, 0, 0], 3),
        (_, 0) => ([STACK, 0, low | 0x80, middle, 0], 4),
        _ => ([STACK, 0, low | 0x80, middle | 0x80, high], 5),
    }
}

/// What a microprocess asks for in another one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Spawn {
    /// The module of the function; `__main__` is the program's own.
    pub module: String,
    /// The function in it.
    pub qualname: String,
    /// A tuple of arguments, encoded as a message; `None` if it follows as the first message of who asks.
    pub arguments: Option<Vec<u8>>,
    /// A name that it registers itself under before it calls the function.
    pub register: Option<String>,
    /// It needs what the program's own module defines.
    pub main: bool,
    /// A name, for people.
    pub name: Option<String>,
    /// Link the two from the beginning.
    pub link: bool,
    /// Let it link itself to who asks, once it has come that far, without control over it.
    pub may_link: bool,
    /// Monitor it from the beginning, by that reference.
    pub monitor: Option<u64>,
    /// Capabilities of the asker's that it holds too, under the name that they have here.
    pub capabilities: Vec<CapabilityName>,
    /// Those that its arguments name.
    pub given: Vec<CapabilityRef>,
    /// `[microprocess.NAME]` of `cloison.toml`: it holds what that has out of the asker's, as far as that leaves it, and has no more than
    /// its limits.
    pub profile: Option<String>,
    /// How much memory it may use, in bytes; no more than the asker.
    pub memory_bytes: Option<u64>,
    /// How much processor time, in seconds; no more than the asker.
    pub cpu_seconds: Option<u64>,
    /// How long it may run, in milliseconds of real time; no longer than the asker.
    pub deadline_ms: Option<u64>,
    /// How many living children it may have; no more than the asker.
    pub children: Option<u32>,
    /// How many call channels it may have open; no more than the asker.
    pub channels: Option<u32>,
    /// Who comes first; the asker's own if absent.
    pub priority: Option<Priority>,
    /// Its nice value, 0 to 19; at least the asker's.
    pub nice: Option<u8>,
}

/// From the broker to a microprocess.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum ToMicroprocess {
    /// The end of a channel.
    Because(End),
    /// No such capability, with the line that would change it.
    Denied {
        /// A sentence.
        message: String,
    },
    /// As it was asked.
    Done,
    /// What was asked makes no sense.
    Invalid {
        /// A sentence.
        message: String,
    },
    /// It was narrowed.
    Narrowed {
        /// What has come of it.
        capability: CapabilityRef,
        /// What is left.
        grant: Grant,
    },
    /// What a capability offers.
    Described {
        /// Itself.
        capability: CapabilityRef,
        /// The name of the capability of `cloison.toml` that it comes from.
        name: String,
        /// Who has narrowed it; nobody for what `cloison.toml` grants.
        minter: Option<ProcessNumber>,
        /// All functions, so that numbers agree with the zone's; those not granted only to explain a denial.
        interface: Box<Interface>,
        /// What of it is granted.
        grant: Grant,
        /// The file and line of `allow`, as in `cloison.toml:7`.
        allow_location: String,
    },
    /// The answer to [`FromMicroprocess::Find`].
    Found(Option<Module>),
    /// The answer to [`FromMicroprocess::Look`], or an error number.
    Looked(Result<Looked, i32>),
    /// The first message.
    Run(Box<Begin>),
    /// It will run.
    Spawned(ProcessRef),
    /// From the router: the answer to a question about a parcel; its memory comes along if it is here.
    Parcel(ParcelAnswer),
    /// A channel; its memfds come along.
    Opened {
        /// Its name.
        channel: ChannelId,
    },
    /// The zone cannot be started (now).
    Unavailable {
        /// A sentence.
        message: String,
    },
    /// What a capability offers that another microprocess serves.
    DescribedService {
        /// Itself.
        capability: CapabilityRef,
        /// What its server calls it.
        name: String,
        /// Who has narrowed it; its server, if nobody has.
        minter: ProcessNumber,
        /// All functions, so that numbers agree with the grant's.
        functions: Vec<String>,
        /// What of it is granted.
        grant: Grant,
        /// Who serves it; without control.
        server: ProcessRef,
    },
    /// The answer to [`FromMicroprocess::Offer`].
    Offered(CapabilityRef),
    /// The answer to [`FromMicroprocess::Admit`]: it may, and the call is counted.
    Admitted {
        /// The number of the grant that the service was offered as.
        service: u64,
    },
    /// The same: what the grant counts is used up.
    Exceeded {
        /// A sentence.
        message: String,
    },
}

/// Whether there is memory for a long message, or with one; see [`crate::process`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ParcelAnswer {
    /// There is, and it comes along.
    Here,
    /// The receiver has no room for it now, or the kernel takes no more descriptors on their way.
    Full,
    /// With it, what the sender has sent and nobody has received would take more than its memory may.
    TooMuch,
    /// There is no such process, or no such parcel.
    Missing,
}

/// Why a channel ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum End {
    /// The zone was ended because a call took too long.
    DeadlineExceeded {
        /// What was running, if the zone said.
        ran: Option<Ran>,
    },
    /// The zone exited.
    Exited {
        /// Its exit status.
        code: i32,
        /// What was running, if the zone said.
        ran: Option<Ran>,
    },
    /// The grant's time is over.
    Expired,
    /// The grant was narrowed by whoever runs the application; the next call goes by the new terms.
    Narrowed,
    /// The grant was revoked.
    Revoked,
    /// The microprocess has ended that served it.
    ServiceEnded,
    /// A signal ended the zone.
    Signaled {
        /// Which.
        signal: i32,
        /// What was running, if the zone said.
        ran: Option<Ran>,
    },
    /// The zone was ended because a call did not end whose grant had been taken back: another grant of the same client's.
    Unwanted {
        /// What was running, if the zone said.
        ran: Option<Ran>,
    },
}

/// What a zone said that it was running when it ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ran {
    /// The function.
    pub function: String,
    /// If that was for the client which is told: which call of its batch, from 0.
    pub own: Option<u64>,
    /// The library has written beyond the room that it had, which ended the zone.
    pub overrun: Option<Overrun>,
}

/// Room that a library has written beyond, because its manifest promises the library more than there is. As text it is a
/// clause about a function.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Overrun {
    /// The parameter that the room was for; `None` for what the library keeps from an earlier call.
    pub parameter: Option<String>,
    /// How many bytes it had.
    pub bytes: u64,
}

impl fmt::Display for Overrun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes;
        match &self.parameter {
            Some(parameter) => write!(
                formatter,
                "it wrote beyond the {bytes} bytes of its `{parameter}`: the manifest's `capacity` or `length` for that is \
                 wrong, or its type in `c`"
            ),
            None => write!(
                formatter,
                "something was written beyond the {bytes} bytes of a buffer that the library keeps: the manifest's \
                 `capacity` or `length` for it is wrong"
            ),
        }
    }
}

/// From the broker to a zone.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum ToZone {
    /// A new client.
    Attach {
        /// The channel.
        channel: ChannelId,
        /// What the client may do.
        grant: Grant,
        /// What is counted, and on which account: first the grant itself, then each that it was narrowed from and that counts something.
        quotas: Vec<Quota>,
        /// Say of each call that it is made ([`FromZone::Called`]).
        tells: bool,
        /// Who it is, for a service that says so in what it writes.
        client: Option<ClientName>,
    },
    /// The client is gone.
    Detach {
        /// The channel.
        channel: ChannelId,
    },
    /// The first message to a process that becomes a program of the machine.
    Execute(Box<Execution>),
    /// A folder of the machine that a host service serves, or that a library's zone has.
    Folder,
    /// Another file of a library that is loaded with the zone's own: of those that it needs, and then of those that are loaded
    /// behind it, in the interface's order.
    Library,
    /// What a service for logs writes to from now on.
    Log,
    /// What a service for networks has to know of the machine.
    Machine(Machine),
    /// Another file that the program may start.
    Program,
    /// What the headers say that a service for HTTP adds, in the order of its configuration. `Debug` shows none of it.
    Secrets(Vec<Secret>),
    /// Whatever the call of this client waits for, it shall not wait any more. Only a host service's calls hear of it.
    Interrupt {
        /// The channel.
        channel: ChannelId,
    },
    /// The first message.
    Load {
        /// What to load and what it offers.
        interface: Box<Interface>,
    },
    /// The first message to a host service.
    Serve {
        /// What it offers.
        interface: Box<Interface>,
        /// With what.
        service: Box<HostService>,
    },
}

/// How a program of the machine is started.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Execution {
    /// What it is, and what it gets. Which arguments it may have is the broker's to look at.
    pub command: ProcessCommand,
    /// Its folders, in the order of their descriptors.
    pub roots: Vec<FilesRoot>,
    /// Its arguments, without its name.
    pub arguments: Vec<Vec<u8>>,
    /// Where it begins.
    pub folder: String,
}

/// A microprocess, as the broker calls it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ClientName {
    /// Its number.
    pub number: u64,
    /// What it runs.
    pub function: String,
}

/// What the machine knows of names, and whom it trusts to vouch for them: the contents of its files, unread.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Machine {
    /// `/etc/hosts`
    pub hosts: Vec<u8>,
    /// `/etc/resolv.conf`
    pub resolver: Vec<u8>,
    /// Certificates, in PEM.
    pub roots: Vec<u8>,
}

/// From a zone to the broker.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum FromZone {
    /// A client calls a function, where that is to be said.
    Called {
        /// The channel.
        channel: ChannelId,
        /// The function.
        function: u32,
        /// How many calls before it could not be told, since the socket was full.
        untold: u64,
    },
    /// The channel's memory is no longer mapped.
    Detached {
        /// The channel.
        channel: ChannelId,
    },
    /// The zone cannot serve.
    Failed {
        /// `receive`, `jail`, `open`, `load`, `symbol` or `seal`; of a program of the machine `receive`, `jail`, `load`, `folder` or `execute`.
        step: String,
        /// What happened.
        message: String,
        /// What to do about it.
        hint: Option<String>,
        /// Of a program of the machine the error number, where one says more than that it cannot be started.
        errno: Option<i32>,
    },
    /// The file that a service for logs writes to is as large as it may be.
    Full,
    /// A client wants a program started. The service has looked at what it wants, and the broker does so again.
    Run {
        /// Position in its configuration.
        command: u32,
        /// Its arguments, without its name.
        arguments: Vec<Vec<u8>>,
        /// Where it begins, if not where the configuration says.
        folder: Option<String>,
    },
    /// The sandbox is closed, nothing is loaded.
    Jailed(Jailed),
    /// A callable of the channel's client has taken longer than it may, and is not waited for any more.
    Late {
        /// The channel.
        channel: ChannelId,
    },
    /// A service for HTTP has refused requests of its clients', or could not make them.
    Refused {
        /// How many since it started.
        count: u64,
        /// The latest one, as its client was told.
        text: String,
    },
    /// The library is loaded, its symbols are there, the seal is on.
    Ready {
        /// The layers once more, with those that the seal added.
        layers: Vec<Layer>,
    },
    /// The launcher has made its two processes, and nothing else has happened to them yet.
    Split {
        /// The worker's process id in the broker's namespace: the launcher's own if there are no namespaces.
        worker: i32,
        /// That of the namespace's init, which may be dead already.
        init: Option<i32>,
    },
}
