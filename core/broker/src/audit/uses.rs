//! How often something was used since that was last said. Pure.

use std::collections::BTreeMap;

/// What has been said of each grant. Whoever uses it has it forget what is no more.
#[derive(Debug, Default)]
pub struct AuditUses {
    /// Calls and denials, by grant.
    said: BTreeMap<u64, (u64, u64)>,
}

impl AuditUses {
    /// What there is to say of a grant by which `calls` calls were made and `denials` refused, altogether: how many of each are new. `None`
    /// if none are. A count that has become smaller was not counted by us, and says nothing new.
    pub fn since(&mut self, grant: u64, calls: u64, denials: u64) -> Option<(u64, u64)> {
        let said = self.said.entry(grant).or_default();
        let new = (calls.saturating_sub(said.0), denials.saturating_sub(said.1));
        *said = (said.0.max(calls), said.1.max(denials));
        (new != (0, 0)).then_some(new)
    }

    /// Forget a grant.
    pub fn forget(&mut self, grant: u64) {
        self.said.remove(&grant);
    }
}

#[cfg(test)]
mod tests {
    use super::AuditUses;

    #[test]
    fn each_use_is_said_once() {
        let mut uses = AuditUses::default();
        assert_eq!(uses.since(7, 0, 0), None);
        assert_eq!(uses.since(7, 3, 1), Some((3, 1)));
        assert_eq!(uses.since(7, 3, 1), None);
        assert_eq!(uses.since(8, 3, 1), Some((3, 1)), "another grant");
        assert_eq!(uses.since(7, 5, 2), Some((2, 1)));
        assert_eq!(uses.since(7, 0, 2), None, "a count that somebody has set back");
        assert_eq!(uses.since(7, 6, 2), Some((1, 0)));
        uses.forget(7);
        assert_eq!(uses.since(7, 1, 0), Some((1, 0)));
    }
}
