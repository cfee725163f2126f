//! When to sleep and whom to wake.
//!
//! One **bell** is a pair of words: the `number` that its ringer raises, and `sleeps`, which a listener raises before it
//! sleeps. The rules, which together exclude a lost wake-up:
//!
//! - the ringer first raises `number`, then looks at `sleeps`, and wakes if it is not 0;
//! - the listener first raises `sleeps`, then looks at `number` once more, and the kernel looks a third time.
//!
//! Each has a sequentially consistent fence between its two steps, so at least one of them sees the other. `tests`
//! holds the model: every interleaving of two listeners and ringers under `loom`.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, Ordering, fence};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, Ordering, fence};

use std::time::{Duration, Instant};

/// Raise `number` to `value`; `wake` is called if the listener sleeps.
#[inline]
pub(crate) fn ring(number: &AtomicU32, sleeps: &AtomicU32, value: u32, wake: impl FnOnce(&AtomicU32)) {
    number.store(value, Ordering::Release);
    fence(Ordering::SeqCst);
    if sleeps.load(Ordering::Relaxed) != 0 {
        wake(number);
    }
}

/// Say that a listener is about to sleep. It must look at its numbers again before it does.
///
/// A bell may have several listeners: `sleeps` counts them. (A peer that writes there spoils its own wake-ups.)
#[inline]
pub(crate) fn lie_down(sleeps: &AtomicU32) {
    sleeps.fetch_add(1, Ordering::Relaxed);
    fence(Ordering::SeqCst);
}

/// Say that a listener is awake.
#[inline]
pub(crate) fn get_up(sleeps: &AtomicU32) {
    sleeps.fetch_sub(1, Ordering::Relaxed);
}

/// Whether to spin before sleeping, learnt from whether spinning has paid.
///
/// Waking a sleeper on another core takes tens of microseconds, a hundred times a hot call, so it pays to spin for as long
/// as a wake-up takes: then two sides that have both fallen asleep find each other awake after one slow round. After
/// [`PATIENCE`] waits in vain (the peer is slow, or shares our core and cannot run while we spin) spinning pauses for a number
/// of waits that doubles with each failure, so that what it wastes is bounded by a fraction that goes to nothing. What was found
/// after a longer time than spinning may take was not found by spinning: this thread has lost its core meanwhile, to the peer
/// perhaps. That counts as a failure too.
#[derive(Debug)]
pub(crate) struct Spin {
    longest: Duration,
    misses: u32,
    pause: u32,
    paused: u32,
}

const PATIENCE: u32 = 3;
const SHORTEST_PAUSE: u32 = 32;
const LONGEST_PAUSE: u32 = 2048;
/// Turns between two looks at the clock.
const TURNS: u32 = 64;

impl Spin {
    /// `longest`: how long one wait may spin.
    pub(crate) fn new(longest: Duration) -> Self {
        Self { longest, misses: 0, pause: SHORTEST_PAUSE, paused: 0 }
    }

    /// Look until `found` gives something, for as long as spinning may take now; at least once.
    #[inline]
    pub(crate) fn until<T>(&mut self, mut found: impl FnMut() -> Option<T>) -> Option<T> {
        if let Some(found) = found() {
            return Some(found);
        }
        if self.paused > 0 {
            self.paused -= 1;
            return None;
        }
        let mut since: Option<Instant> = None;
        loop {
            for _ in 0..TURNS {
                std::hint::spin_loop();
                if let Some(found) = found() {
                    match since {
                        Some(since) if since.elapsed() > self.longest => self.miss(),
                        _ => self.hit(),
                    }
                    return Some(found);
                }
            }
            if since.get_or_insert_with(Instant::now).elapsed() > self.longest {
                self.miss();
                return None;
            }
        }
    }

    #[inline]
    fn hit(&mut self) {
        self.misses = 0;
        self.pause = SHORTEST_PAUSE;
    }

    #[cold]
    fn miss(&mut self) {
        self.misses += 1;
        if self.misses >= PATIENCE {
            self.paused = self.pause;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_micros(50);

    #[test]
    fn spinning_stops_when_it_never_pays() {
        let mut spin = Spin::new(LONGEST);
        let mut looks = 0u32;
        let mut spins = 0;
        for _ in 0..10_000 {
            let before = looks;
            assert_eq!(
                spin.until(|| {
                    looks += 1;
                    None::<()>
                }),
                None
            );
            spins += u32::from(looks - before > 1);
        }
        assert!(spins < 20, "{spins} of 10,000 waits spun");
    }

    #[test]
    fn what_came_while_somebody_else_had_the_core_was_not_found_by_spinning() {
        let mut spin = Spin::new(LONGEST);
        let mut spins = 0;
        for _ in 0..10_000 {
            let mut looks = 0;
            spin.until(|| {
                looks += 1;
                if looks == TURNS + 2 {
                    std::thread::sleep(LONGEST * 2);
                }
                (looks > TURNS + 2).then_some(())
            });
            spins += u32::from(looks > 1);
        }
        assert!(spins < 20, "{spins} of 10,000 waits spun");
    }

    #[test]
    fn spinning_comes_back_when_it_pays_again() {
        let mut spin = Spin::new(LONGEST);
        for _ in 0..1000 {
            spin.until(|| None::<()>);
        }
        let second = || {
            let mut looks = 0;
            move || {
                looks += 1;
                (looks > 1).then_some(())
            }
        };
        let waits = (0..).take_while(|_| spin.until(second()).is_none()).count();
        assert!(waits <= LONGEST_PAUSE as usize, "{waits}");
        for _ in 0..1000 {
            assert_eq!(spin.until(second()), Some(()));
        }
    }
}

#[cfg(all(test, loom))]
pub(crate) mod model {
    //! `make model`: the listener sleeps on a condition variable under a mutex that stands for the kernel's futex queue.
    use super::*;
    use loom::sync::{Arc, Condvar, Mutex};
    use loom::thread;

    pub(crate) struct Bell {
        number: AtomicU32,
        sleeps: AtomicU32,
        queue: Mutex<()>,
        woken: Condvar,
    }

    impl Bell {
        pub(crate) fn new() -> Self {
            Self { number: AtomicU32::new(0), sleeps: AtomicU32::new(0), queue: Mutex::new(()), woken: Condvar::new() }
        }

        pub(crate) fn number(&self) -> u32 {
            self.number.load(Ordering::Acquire)
        }

        pub(crate) fn lie_down(&self) {
            lie_down(&self.sleeps);
        }

        pub(crate) fn get_up(&self) {
            get_up(&self.sleeps);
        }

        /// As futex_wait: checks the word and joins the queue in one step.
        fn sleep_while(&self, expected: u32) {
            let queue = self.queue.lock().unwrap();
            if self.number.load(Ordering::Relaxed) == expected {
                drop(self.woken.wait(queue).unwrap());
            }
        }

        /// As futex_waitv on two words: the other one is rung with [`Bell::ring_with`].
        pub(crate) fn sleep_while_either(&self, expected: u32, other: &Self, others: u32) {
            let queue = self.queue.lock().unwrap();
            if self.number.load(Ordering::Relaxed) == expected && other.number.load(Ordering::Relaxed) == others {
                drop(self.woken.wait(queue).unwrap());
            }
        }

        fn wake(&self) {
            let _queue = self.queue.lock().unwrap();
            self.woken.notify_all();
        }

        pub(crate) fn ring(&self, value: u32) {
            ring(&self.number, &self.sleeps, value, |_| self.wake());
        }

        /// Rings this one; its listener sleeps in the other one's queue.
        pub(crate) fn ring_with(&self, value: u32, listener: &Self) {
            ring(&self.number, &listener.sleeps, value, |_| listener.wake());
        }

        pub(crate) fn listen(&self, expected: u32) -> u32 {
            loop {
                let number = self.number.load(Ordering::Acquire);
                if number != expected {
                    return number;
                }
                lie_down(&self.sleeps);
                if self.number.load(Ordering::Acquire) == expected {
                    self.sleep_while(expected);
                }
                get_up(&self.sleeps);
            }
        }
    }

    #[test]
    fn a_ring_is_never_lost() {
        loom::model(|| {
            let bell = Arc::new(Bell::new());
            let ringer = {
                let bell = bell.clone();
                thread::spawn(move || bell.ring(1))
            };
            assert_eq!(bell.listen(0), 1);
            ringer.join().unwrap();
        });
    }

    #[test]
    fn a_call_and_its_reply_meet() {
        loom::model(|| {
            let (request, reply) = (Arc::new(Bell::new()), Arc::new(Bell::new()));
            let zone = {
                let (request, reply) = (request.clone(), reply.clone());
                thread::spawn(move || reply.ring(request.listen(0)))
            };
            request.ring(1);
            assert_eq!(reply.listen(0), 1);
            zone.join().unwrap();
        });
    }

    #[test]
    fn the_broker_ends_a_wait_by_setting_a_bit() {
        loom::model(|| {
            let reply = Arc::new(Bell::new());
            let broker = {
                let reply = reply.clone();
                thread::spawn(move || {
                    reply.number.fetch_or(crate::layout::ENDED, Ordering::SeqCst);
                    let _queue = reply.queue.lock().unwrap();
                    reply.woken.notify_all();
                })
            };
            assert_eq!(reply.listen(0), crate::layout::ENDED);
            broker.join().unwrap();
        });
    }
}
