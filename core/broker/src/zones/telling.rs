//! What zones say of calls: for the audit trail, and where the application is recorded.

use crate::audit::Audit;
use crate::broker::{Broker, Pid};
use crate::zones::zone::{Instance, InstanceId};
use cloison_contract::message::{CallRefusal, ChannelId, FromZone, Telling};
use std::collections::BTreeSet;

/// The most messages that are still read of a zone that ends: far more than a socket holds.
const MOST_UNHEARD: usize = 10_000;
/// The same where one of its clients ends.
const MOST_OF_CLIENT: usize = 1000;

impl Broker {
    /// A zone says that a call was made or, with the reason, refused; whether that is to be said.
    pub(super) fn called_in(
        &self,
        id: InstanceId,
        channel: ChannelId,
        function: u32,
        refused: Option<&CallRefusal>,
        untold: u64,
    ) -> bool {
        if !is_asked(self.audit.as_ref().map_or(Telling::Nothing, Audit::asks), refused.is_some()) {
            return false;
        }
        let Some(instance) = self.instances.get(id) else { return true };
        let attached = instance.channels.get(&channel);
        // It may have been let go since.
        if let Some(attached) = attached.or_else(|| Some(&instance.leaving.get(&channel)?.attached)) {
            self.note_call(attached.client, attached.grant, (instance.zone, function), refused, untold);
        }
        true
    }

    /// All that a zone that ends has said of calls by now; whatever else it says is too late. One that goes on saying something is not
    /// listened to for ever.
    pub(crate) fn hear_of_calls(&self, id: InstanceId) {
        if self.recorder.is_none() && self.audit.is_none() {
            return;
        }
        let alive = |instance: &&Instance| instance.ending.is_none();
        for _ in 0..MOST_UNHEARD {
            let Some(instance) = self.instances.get(id).filter(alive) else { return };
            match instance.control.try_receive::<FromZone>() {
                Ok(Some((FromZone::Observed { channel, observation }, _))) => {
                    self.observed_in(id, channel, observation);
                }
                Ok(Some((FromZone::Called { channel, function, refused, untold }, _))) => {
                    self.called_in(id, channel, function, refused.as_ref(), untold);
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// What zones have said of a client by now: it ends, and what is said of it later is about nobody. A zone says why it refuses a call
    /// before it answers, so nothing of that is missing.
    pub(crate) fn hear_of_client(&mut self, client: Pid) {
        let Some(process) = self.processes.get(client).filter(|_| self.audit.is_some()) else { return };
        let its: BTreeSet<_> = process.channels.values().map(|held| held.instance).collect();
        its.into_iter().for_each(|id| self.hear_at_most(id, MOST_OF_CLIENT));
    }
}

/// Whether a zone that was asked for that is to say of such a call.
fn is_asked(tells: Telling, refused: bool) -> bool {
    match tells {
        Telling::Nothing => false,
        Telling::Refusals => refused,
        Telling::Calls => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_says_what_it_was_asked_for() {
        let asked = [Telling::Nothing, Telling::Refusals, Telling::Calls]
            .map(|tells| [is_asked(tells, true), is_asked(tells, false)]);
        assert_eq!(asked, [[false, false], [true, false], [true, true]]);
    }
}
