//! How often the broker logs what a program causes.
//!
//! A program can cause a log line with every request, for instance by asking for a module that cannot be read. The first [`MOST`]
//! messages of each [`WINDOW`] are logged; the next one that is logged says how many were not.

use std::time::{Duration, Instant};

/// Messages in one window.
pub const MOST: u32 = 10;
/// How long a window is.
pub const WINDOW: Duration = Duration::from_secs(10);

/// What has been logged in this window.
#[derive(Debug)]
pub struct Limiter {
    most: u32,
    since: Option<Instant>,
    said: u32,
    unsaid: u64,
}

impl Default for Limiter {
    fn default() -> Self {
        Self::of(MOST)
    }
}

impl Limiter {
    /// So many messages in one window.
    pub fn of(most: u32) -> Self {
        Self { most, since: None, said: 0, unsaid: 0 }
    }

    /// If a message may be logged at `now`: how many were dropped since the last one.
    pub fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            (self.since, self.said) = (Some(now), 0);
        }
        if self.said >= self.most {
            self.unsaid += 1;
            return None;
        }
        self.said += 1;
        Some(self.take_unsaid())
    }

    /// So many more were dropped elsewhere.
    pub fn add_unsaid(&mut self, more: u64) {
        self.unsaid = self.unsaid.saturating_add(more);
    }

    /// How many were dropped since the last one that was logged; whoever asks says it.
    pub fn take_unsaid(&mut self) -> u64 {
        std::mem::take(&mut self.unsaid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_the_next_window_says_so() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        let admitted: Vec<_> = (0..1000).map(|_| limiter.admit(now)).collect();
        assert_eq!(admitted.iter().flatten().count(), MOST as usize);
        assert!(admitted[..MOST as usize].iter().all(|unsaid| *unsaid == Some(0)), "{admitted:?}");
        assert_eq!(limiter.admit(now + WINDOW - Duration::from_millis(1)), None);
        assert_eq!(limiter.admit(now + WINDOW), Some(1000 - u64::from(MOST) + 1));
        assert_eq!(limiter.admit(now + WINDOW), Some(0));
    }
}
