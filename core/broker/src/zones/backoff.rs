//! When a zone that keeps ending may start again.
//!
//! A zone may end a few times in a row without waiting: one crash is an ordinary answer to a caller. Ending more often
//! than [`FREE`] times within [`WINDOW`] is a crash loop; each further end doubles the wait, up to [`LONGEST`]. A quiet
//! window forgives everything.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Ends in [`WINDOW`] that cost no wait.
pub const FREE: usize = 10;
/// How long an end is remembered.
pub const WINDOW: Duration = Duration::from_secs(10);
/// The first wait.
pub const SHORTEST: Duration = Duration::from_millis(100);
/// The longest wait.
pub const LONGEST: Duration = Duration::from_secs(5);

/// The recent ends of one zone.
#[derive(Debug, Default)]
pub struct Backoff {
    ends: VecDeque<Instant>,
    not_before: Option<Instant>,
}

impl Backoff {
    /// It ended at `now`.
    pub fn ended(&mut self, now: Instant) {
        while self.ends.front().is_some_and(|end| now.duration_since(*end) > WINDOW) {
            self.ends.pop_front();
        }
        self.ends.push_back(now);
        let excess = self.ends.len().saturating_sub(FREE);
        self.not_before = (excess > 0).then(|| {
            let wait = SHORTEST.saturating_mul(1 << (excess - 1).min(16)).min(LONGEST);
            now + wait
        });
        // Only the ends beyond FREE count. Entries that no further doubling can use are dropped.
        self.ends.truncate(FREE + 16);
    }

    /// How long it still has to wait at `now`.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let wait = self.not_before?.checked_duration_since(now)?;
        (!wait.is_zero()).then_some(wait)
    }

    /// How often it ended within the last window.
    pub fn recent(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ends_are_free_and_the_next_double() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        for _ in 0..FREE {
            backoff.ended(now);
            assert_eq!(backoff.wait(now), None);
        }
        let waits: Vec<_> = (0..8)
            .map(|_| {
                backoff.ended(now);
                backoff.wait(now).unwrap().as_millis()
            })
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn a_quiet_window_forgives() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        for _ in 0..30 {
            backoff.ended(now);
        }
        assert!(backoff.wait(now).is_some());
        assert_eq!(backoff.wait(now + LONGEST), None);
        let later = now + WINDOW + Duration::from_secs(1);
        backoff.ended(later);
        assert_eq!((backoff.wait(later), backoff.recent()), (None, 1));
    }
}
