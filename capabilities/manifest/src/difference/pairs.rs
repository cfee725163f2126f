//! Entries of two lists in which the first that fits counts.

/// Which entries of two lists are the same.
pub(super) struct Pairs {
    /// Positions in the old and in the new list, in the order of the new one.
    pub(super) both: Vec<(usize, usize)>,
    /// Those of the new list that are in no pair.
    pub(super) added: Vec<usize>,
    /// Those of the old list that are in no pair.
    pub(super) removed: Vec<usize>,
}

impl Pairs {
    /// Each entry of the new list goes with the first of the old one that is the same and in no pair yet.
    pub(super) fn of<T>(old: &[T], new: &[T], same: impl Fn(&T, &T) -> bool) -> Self {
        let mut pairs = Self { both: Vec::new(), added: Vec::new(), removed: (0..old.len()).collect() };
        for (index, entry) in new.iter().enumerate() {
            match pairs.removed.iter().position(|free| same(&old[*free], entry)) {
                Some(position) => {
                    let free = pairs.removed.remove(position);
                    pairs.both.push((free, index));
                }
                None => pairs.added.push(index),
            }
        }
        pairs
    }

    /// Whether what is in both stands in the same order.
    pub(super) fn is_in_order(&self) -> bool {
        self.both.is_sorted_by_key(|(old, _)| *old)
    }

    /// Whether one that is gone stood before one that is still there, and which `alike` may take its place.
    pub(super) fn uncovers(&self, gone: usize, alike: impl Fn(usize) -> bool) -> bool {
        self.both.iter().any(|(old, _)| *old > gone && alike(*old))
    }
}
