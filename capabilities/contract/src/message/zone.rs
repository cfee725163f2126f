//! Broker ↔ zone.
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
//! | zone | [`FromZone::Due`] | | none; the broker looks when the call's time is over |
//! | zone | [`FromZone::Full`] | | `Log`, with another file; from a service for logs |
//! | zone | [`FromZone::CallbackTimeout`] | | none; SIGURG to the microprocess, which looks at its own clock |
//! | zone | [`FromZone::Observed`] | | none; where the application is recorded |
//! | zone | [`FromZone::Refused`] | | none; a line of the log |

use super::{ChannelId, ClientName, Jailed, Layer};
use crate::grant::Quota;
use crate::host::http::Secret;
use crate::host::{FilesRoot, HostService, ProcessCommand};
use crate::observation::Observation;
use crate::{Grant, Interface};
use serde::{Deserialize, Serialize};

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
        /// Which calls are to be said ([`FromZone::Called`]).
        tells: Telling,
        /// The application is recorded: say what is new about its calls ([`FromZone::Observed`]).
        records: bool,
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

/// Which calls a zone says, for the audit trail.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Telling {
    /// None.
    Nothing,
    /// Those that it refuses.
    Refusals,
    /// Each.
    Calls,
}

/// Why a zone refuses a call, for the audit trail.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum CallRefusal {
    /// The grant has not got the function.
    NotGranted,
    /// The arguments are outside of what the grant allows.
    OutOfBounds {
        /// What the client is told of that, [`super::LIMIT_TEXT_BYTES`] at most: the bound in backquotes comes first.
        said: String,
    },
    /// That is used up, or the call comes too early for it: one of the quotas alone.
    UsedUp(Quota),
}

/// From a zone to the broker.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum FromZone {
    /// A client calls a function, where that is to be said: see [`Telling`].
    Called {
        /// The channel.
        channel: ChannelId,
        /// The function.
        function: u32,
        /// Why it was refused, if it was: the library has not been called.
        refused: Option<CallRefusal>,
        /// How many calls before it could not be told, since the socket was full.
        untold: u64,
    },
    /// The channel's memory is no longer mapped.
    Detached {
        /// The channel.
        channel: ChannelId,
    },
    /// The time of a call that has begun is over before the broker looks at what runs.
    Due,
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
    /// A client does what none of its channel has done before, where the application is recorded.
    Observed {
        /// The channel.
        channel: ChannelId,
        /// What it does.
        observation: Observation,
    },
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
    CallbackTimeout {
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
