//! Broker ↔ microprocess.
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
//! | microprocess | [`FromMicroprocess::Limit`] | | `Limited` or `Invalid` |
//! | microprocess | [`FromMicroprocess::Offer`] | | `Offered`, `Invalid` or `Denied` |
//! | microprocess | [`FromMicroprocess::Admit`] | | `Admitted`, `Denied`, `Exceeded` or `Because` |
//! | microprocess | [`FromMicroprocess::NotMade`] | | `Denied` or `Invalid` |
//! | microprocess | [`FromMicroprocess::Served`] | | none |
//! | microprocess | [`FromMicroprocess::Open`] | | `Opened` with the channel's and the terms' memfds, or `Denied` or `Unavailable`; `Because` it was replaced, if the interface is another one by now: `Describe` gives that |
//! | microprocess | [`FromMicroprocess::Find`] | | `Found` |
//! | microprocess | [`FromMicroprocess::Interrupt`] | | none; what waits in a host service ends with `EINTR` |
//! | microprocess | [`FromMicroprocess::Lacks`] | | none; where the application is recorded |
//! | microprocess | [`FromMicroprocess::Overdue`] | | none; the channel is closed |
//! | microprocess | [`FromMicroprocess::Uses`] | | none; where the application is recorded |
//! | microprocess | [`FromMicroprocess::Why`] | | `Because`, or `Unavailable` if nobody knows |

use super::{Begin, CapabilityName, CapabilityRef, ChannelId, End, Look, Looked, Module, NarrowRequest, Spawn};
use crate::grant::Bound;
use crate::offered::OfferedFunction;
use crate::process::{ProcessNumber, ProcessRef};
use crate::{Grant, Interface};
use serde::{Deserialize, Serialize};

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
        /// The interface by which its calls are made, as [`ToMicroprocess::Described`] has numbered it.
        edition: u64,
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
        /// The line of the program that does so, as `FILE:LINE`; [`LINE_BYTES`] at most, and empty where nobody knows. It helps people, and
        /// nobody else believes it.
        at: String,
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
        function: String,
        /// How many times; 1000 at most count.
        times: u32,
    },
    /// It was refused a call. Who has set the limit that it has met? For the text of the error.
    Limit {
        /// By which.
        capability: CapabilityRef,
        /// What.
        function: String,
        /// What the zone has said of the bound or the quota, [`LIMIT_TEXT_BYTES`] at most; nothing where the function is not granted.
        said: Option<String>,
    },
    /// Make a capability of functions of its own: a service, which it serves itself.
    Offer {
        /// What the capability is called; [`SERVICE_NAME_BYTES`] at most.
        name: String,
        /// The functions, [`SERVICE_FUNCTIONS`] at most.
        functions: Vec<OfferedFunction>,
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
    /// A call that this process was told it may serve ([`ToMicroprocess::Admitted`]) is not made: a bound refuses its arguments. It does not count.
    NotMade {
        /// Which.
        call: u64,
        /// What there is to say of the bound, which comes first, in backquotes; [`LIMIT_TEXT_BYTES`] at most.
        said: String,
    },
    /// Such a call has been answered.
    Served {
        /// Which.
        call: u64,
        /// How many bytes the answer has.
        bytes: u64,
        /// How much processor time it has taken, in nanoseconds.
        cpu_ns: u64,
    },
    /// The standard library was asked for something of the machine that no capability of this process gives, where the application is recorded.
    /// It helps people, and nobody else believes it.
    Lacks {
        /// The service that could give it: `files`, `listen`, `net`, `process`, `sqlite3`.
        service: String,
        /// What: a path, a place as `HOST:PORT`, a program; [`crate::observation::NAME_BYTES`] at most.
        what: String,
        /// It would be changed, and not only read.
        writes: bool,
    },
    /// A function is looked up for the first time in this process, where the application is recorded. It helps people, and nobody else
    /// believes it.
    Uses {
        /// Of which capability.
        capability: CapabilityRef,
        /// The function.
        function: String,
        /// The line of the program, as `FILE:LINE`; [`crate::observation::NAME_BYTES`] at most.
        at: String,
    },
}

/// How much of what a zone has said of a limit is passed on, in bytes.
pub const LIMIT_TEXT_BYTES: usize = 1024;

/// The longest `FILE:LINE` of a program that is kept, in bytes.
pub const LINE_BYTES: usize = 256;

/// The longest name of a service, and of one of its functions, in bytes.
pub const SERVICE_NAME_BYTES: usize = 64;

/// The most functions of a service.
pub const SERVICE_FUNCTIONS: usize = 256;

/// The most parameters of one of its functions that bounds may name.
pub const SERVICE_PARAMETERS: usize = 64;

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
        /// The number of the interface that this is about.
        edition: u64,
    },
    /// What a capability offers.
    Described {
        /// Itself.
        capability: CapabilityRef,
        /// The name of the capability of `cloison.toml` that it comes from.
        name: String,
        /// All functions, so that numbers agree with the zone's; those not granted only to explain a denial.
        interface: Box<Interface>,
        /// The number of this interface: another one has come in its place when the zone was replaced.
        edition: u64,
        /// What of it is granted.
        grant: Grant,
        /// The file and line of `allow`, as in `cloison.toml:7`.
        allow_location: String,
        /// The application is recorded: say where its functions are used ([`FromMicroprocess::Uses`]).
        recorded: bool,
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
        /// All functions, so that numbers agree with the grant's.
        functions: Vec<OfferedFunction>,
        /// What of it is granted.
        grant: Grant,
        /// Who serves it; without control.
        server: ProcessRef,
    },
    /// The answer to [`FromMicroprocess::Limit`].
    Limited {
        /// Who has narrowed the capability so, for people; nobody where that is a line of `cloison.toml`.
        by: Option<String>,
        /// The number of what has come of that.
        number: u64,
        /// That line, or the one where it was narrowed if that is known, or who serves it.
        location: String,
    },
    /// The answer to [`FromMicroprocess::Offer`].
    Offered(CapabilityRef),
    /// The answer to [`FromMicroprocess::Admit`]: it may if the bounds hold, and the call is counted.
    Admitted {
        /// The number of the grant that the service was offered as.
        service: u64,
        /// The number of the call: what becomes of it is said by that, once ([`FromMicroprocess::NotMade`], [`FromMicroprocess::Served`]).
        call: u64,
        /// What must hold for its arguments.
        bounds: Vec<Bound>,
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
