//! How often something was used since that was last said. Pure.

use std::collections::BTreeMap;

/// What has been said of each process and grant. Whoever uses it has it forget what is no more.
#[derive(Debug, Default)]
pub struct AuditUses {
    /// Calls and denials, by process and grant.
    said: BTreeMap<(u64, u64), (u64, u64)>,
}

impl AuditUses {
    /// What there is to say of a process that has made `calls` calls by a grant and was refused `denials`, altogether: how many of
    /// each are new. `None` if none are. A count that has become smaller was not counted by us, and says nothing new.
    pub fn since(&mut self, process: u64, grant: u64, calls: u64, denials: u64) -> Option<(u64, u64)> {
        let said = self.said.entry((process, grant)).or_default();
        let new = (calls.saturating_sub(said.0), denials.saturating_sub(said.1));
        *said = (said.0.max(calls), said.1.max(denials));
        (new != (0, 0)).then_some(new)
    }

    /// Forget all but those that `keep` says yes to, by process and grant.
    pub fn retain(&mut self, keep: impl Fn(u64, u64) -> bool) {
        self.said.retain(|(process, grant), _| keep(*process, *grant));
    }
}

#[cfg(test)]
mod tests {
    use super::AuditUses;

    #[test]
    fn each_use_is_said_once() {
        let mut uses = AuditUses::default();
        assert_eq!(uses.since(1, 7, 0, 0), None);
        assert_eq!(uses.since(1, 7, 3, 1), Some((3, 1)));
        assert_eq!(uses.since(1, 7, 3, 1), None);
        assert_eq!(uses.since(2, 7, 3, 1), Some((3, 1)), "another process");
        assert_eq!(uses.since(1, 8, 3, 1), Some((3, 1)), "another grant");
        assert_eq!(uses.since(1, 7, 5, 2), Some((2, 1)));
        assert_eq!(uses.since(1, 7, 0, 2), None, "a count that somebody has set back");
        assert_eq!(uses.since(1, 7, 6, 2), Some((1, 0)));
        uses.retain(|process, grant| process == 2 && grant == 7);
        assert_eq!((uses.since(2, 7, 3, 1), uses.said.len()), (None, 1));
    }
}
