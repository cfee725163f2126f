//! How often the broker says what a program makes it say.
//!
//! A program can ask for a module that cannot be read as fast as it can ask at all. The first [`MOST`] messages of each
//! [`WINDOW`] are said; of the others, the next message that is said gives the number.

use std::time::{Duration, Instant};

/// Messages in one window.
pub const MOST: u32 = 10;
/// How long a window is.
pub const WINDOW: Duration = Duration::from_secs(10);

/// What has been said lately.
#[derive(Debug, Default)]
pub struct Limiter {
    since: Option<Instant>,
    said: u32,
    unsaid: u64,
}

impl Limiter {
    /// Whether a message may be said at `now`, and how many were not since the last one that was.
    pub fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            (self.since, self.said) = (Some(now), 0);
        }
        if self.said >= MOST {
            self.unsaid += 1;
            return None;
        }
        self.said += 1;
        Some(std::mem::take(&mut self.unsaid))
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
