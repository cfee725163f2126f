//! What the broker is told of calls while the application is recorded (`cloison run --record`).
//!
//! Only what is new is told, before the function is called, and the call waits until it is said: what a library's crash or the program's
//! end takes along has been said before. Which clients have a recorder is settled when their channel is attached
//! ([`super::policy::ClientPolicy::recorded`]); a call of any other client passes nothing of this.

use crate::serve::observer;
use cloison_contract::FunctionId;
use cloison_contract::message::{ChannelId, FromZone};
use cloison_contract::observation::{ArgumentUse, MOST_USES, Observation, ObservedValue, ServiceUse};
use cloison_transport::control::Control;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What one call has to take longer than another one to be told.
const LONGER: Duration = Duration::from_millis(1);

/// Of one client.
#[derive(Debug)]
pub struct Recorder {
    control: Arc<Control>,
    channel: ChannelId,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    functions: BTreeSet<FunctionId>,
    /// By function and parameter.
    arguments: BTreeMap<(FunctionId, u32), ArgumentUse>,
    uses: BTreeSet<ServiceUse>,
    longest: Duration,
}

/// Whom a host service tells what it was asked for. There is one as soon as a client has come that is recorded.
static SERVICE: OnceLock<Mutex<BTreeMap<ChannelId, Arc<Recorder>>>> = OnceLock::new();

impl Recorder {
    /// Of the client of that channel.
    pub(crate) fn new(control: Arc<Control>, channel: ChannelId) -> Arc<Self> {
        let recorder = Arc::new(Self { control, channel, told: Mutex::default() });
        let all = SERVICE.get_or_init(Mutex::default);
        all.lock().unwrap_or_else(PoisonError::into_inner).insert(channel, recorder.clone());
        recorder
    }

    /// A function is called.
    pub(crate) fn tell_call(&self, function: FunctionId) {
        if self.told().functions.insert(function) {
            self.say(Observation::Call { function: function.0 });
        }
    }

    /// That is passed for a parameter.
    pub(crate) fn tell(&self, function: FunctionId, parameter: u32, value: ObservedValue) {
        if self.told().arguments.entry((function, parameter)).or_default().add(&value) {
            self.say(Observation::Argument { function: function.0, parameter, value });
        }
    }

    /// A call that began then has ended.
    pub(crate) fn tell_end(&self, began: Instant) {
        let took = began.elapsed();
        let mut told = self.told();
        // A little longer is nothing new.
        if took > told.longest + LONGER {
            told.longest = took;
            drop(told);
            self.say(Observation::Took(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)));
        }
    }

    fn tell_use(&self, used: ServiceUse) {
        let mut told = self.told();
        if told.uses.len() < MOST_USES && used.is_short() && told.uses.insert(used.clone()) {
            drop(told);
            self.say(Observation::Service(used));
        }
    }

    fn say(&self, observation: Observation) {
        // If the broker does not hear it, it is gone.
        let _ = self.control.send(&FromZone::Observed { channel: self.channel, observation }, &[]);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That client has left.
pub(crate) fn forget(channel: ChannelId) {
    if let Some(all) = SERVICE.get() {
        all.lock().unwrap_or_else(PoisonError::into_inner).remove(&channel);
    }
}

/// Whether the application is recorded, so that what is to be told is worth finding out.
pub fn is_recorded() -> bool {
    SERVICE.get().is_some()
}

/// A host service does that for somebody who may have it. Nothing unless the application is recorded. On a thread of the service's own, on
/// which no call runs, any client will do: all of a process are of one capability.
pub fn note(used: impl FnOnce() -> ServiceUse) {
    let Some(all) = SERVICE.get() else { return };
    let recorder = {
        let all = all.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = observer::caller().and_then(|channel| all.get(&channel));
        caller.or_else(|| all.values().next()).cloned()
    };
    if let Some(recorder) = recorder {
        recorder.tell_use(used());
    }
}
