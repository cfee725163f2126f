//! What a call needs of whoever makes it.

use crate::fault::CallFault;
use crate::nesting::Nesting;
use cloison_contract::call::Request;
use cloison_contract::message::{ChannelId, End};
use cloison_transport::client::Caller;
use cloison_transport::{Arena, OutOfRange};
use std::time::Duration;

/// The process in which calls are made.
pub trait Host {
    /// How many bytes it may still allocate.
    fn free_bytes() -> u64;
    /// It holds `now` bytes of an arena, which were `before`.
    fn recount(before: u64, now: u64);
    /// It has to do with others now: what it has read of them may be old.
    fn note_contact();
}

/// The way to the broker.
pub trait BrokerLink {
    /// What is raised when the broker does not answer.
    type Error;
    /// Why that channel has ended; `None` if nobody knows.
    fn why(&self, channel: ChannelId) -> Result<Option<End>, Self::Error>;
    /// A call on that channel is not waited for any more.
    fn overdue(&self, channel: ChannelId);
    /// What waits on that channel in a host service shall end. Whether the broker has been told.
    fn interrupt(&self, channel: ChannelId) -> bool;
}

/// One call, from its caller's side.
pub trait CallClient: BrokerLink {
    /// The process.
    type Host: Host;
    /// What a callable is asked, taken out of the arena.
    type CallbackCall;
    /// The callable that is asked, for what an error says of it.
    type Asked;

    /// Where the calls of this capability stand.
    fn nesting(&self) -> &Nesting;
    /// The function, as errors show it.
    fn function(&self) -> &str;
    /// How long it may take.
    fn deadline(&self) -> Duration;
    /// Whether it may wait for the world: it is a host service's.
    fn waits(&self) -> bool;

    /// A first channel, by the interface that the client knows. `None`: the zone was replaced and has another one.
    fn open(&self) -> Result<Option<(ChannelId, Caller)>, Self::Error>;
    /// What is raised for that.
    fn fault(&self, fault: CallFault) -> Self::Error;

    /// Look at what a signal has asked for: what it raises, if that is to be now.
    fn look(&self) -> Result<(), Self::Error>;
    /// Whether signals ask for nothing but what concerns a callable.
    fn only_callback_timeout(&self) -> bool;
    /// Whether that is what Ctrl-C raises.
    fn is_interrupt(&self, raised: &Self::Error) -> bool;
    /// Ctrl-C is to be raised after the call.
    fn interrupt_later(&self);

    /// What the callable of that number is asked, by these words; `None` if there is none. What is wrong with the rest of the words is
    /// told by [`CallClient::run`].
    fn question(&self, number: u64, words: &[u64], arena: &Arena) -> Option<Self::CallbackCall>;
    /// Which callable that is.
    fn asked(&self, question: &Self::CallbackCall) -> Self::Asked;
    /// Run the callable.
    fn run(&self, question: Self::CallbackCall, depth: u64) -> Result<CallableAnswer, CallableFailure<Self::Error>>;
}

/// What a callable's value becomes.
#[derive(Debug)]
pub struct CallableAnswer {
    /// The words.
    pub request: Request,
    /// What is to be written into the arena, and where.
    pub bulk: Vec<(u64, Vec<u8>)>,
}

impl CallableAnswer {
    pub(crate) fn write(&self, arena: &Arena) -> Result<(), OutOfRange> {
        self.bulk.iter().try_for_each(|(offset, bytes)| arena.write(*offset, bytes))
    }
}

/// A callable has not returned.
#[derive(Debug)]
pub struct CallableFailure<E> {
    /// What it raised.
    pub raised: E,
    /// It was told by this that it had taken too long: the zone says more about that.
    pub timed_out: bool,
}
