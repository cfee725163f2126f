//! When to sleep and whom to wake.
//!
//! One **bell** is a pair of words: the `number` that its ringer raises, and `sleeps`, which its listener sets before it
//! sleeps. The rules, which together exclude a lost wake-up:
//!
//! - the ringer first raises `number`, then looks at `sleeps`, and wakes if it is set;
//! - the listener first sets `sleeps`, then looks at `number` once more, and the kernel looks a third time.
//!
//! Each has a sequentially consistent fence between its two steps, so at least one of them sees the other. `tests`
//! holds the model: every interleaving of two listeners and ringers under `loom`.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, Ordering, fence};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, Ordering, fence};

/// Raise `number` to `value`; `wake` is called if the listener sleeps.
#[inline]
pub(crate) fn ring(number: &AtomicU32, sleeps: &AtomicU32, value: u32, wake: impl FnOnce(&AtomicU32)) {
    number.store(value, Ordering::Release);
    fence(Ordering::SeqCst);
    if sleeps.load(Ordering::Relaxed) != 0 {
        wake(number);
    }
}

/// Say that the listener is about to sleep. It must look at its numbers again before it does.
#[inline]
pub(crate) fn lie_down(sleeps: &AtomicU32) {
    sleeps.store(1, Ordering::Relaxed);
    fence(Ordering::SeqCst);
}

/// Say that the listener is awake.
#[inline]
pub(crate) fn get_up(sleeps: &AtomicU32) {
    sleeps.store(0, Ordering::Relaxed);
}

/// How long to spin before sleeping, learnt from whether spinning has paid.
///
/// A hit doubles the budget up to the limit, a miss halves it; below the least useful budget spinning stops, and is
/// tried again after a number of waits that doubles with each failure. With a core to spare that settles at the limit;
/// on one core, where the peer cannot run while we spin, it settles at nothing.
#[derive(Debug)]
pub(crate) struct Spin {
    budget: u32,
    limit: u32,
    pause: u32,
    paused: u32,
}

const LEAST: u32 = 16;
const LONGEST_PAUSE: u32 = 4096;

impl Spin {
    /// `limit`: the most turns, each one `pause` instruction or so.
    pub(crate) fn new(limit: u32) -> Self {
        Self { budget: limit, limit, pause: 0, paused: 0 }
    }

    /// How many turns to spin now.
    #[inline]
    pub(crate) fn turns(&mut self) -> u32 {
        if self.paused > 0 {
            self.paused -= 1;
            return 0;
        }
        self.budget
    }

    /// The peer answered while we were spinning.
    #[inline]
    pub(crate) fn hit(&mut self) {
        self.pause = 0;
        self.budget = (self.budget * 2).min(self.limit);
    }

    /// Spinning `turns` did not help. Not having spun at all teaches nothing.
    #[inline]
    pub(crate) fn miss(&mut self, turns: u32) {
        if turns == 0 {
            return;
        }
        self.budget /= 2;
        if self.budget < LEAST {
            self.budget = LEAST.min(self.limit);
            self.pause = (self.pause * 2).clamp(64, LONGEST_PAUSE);
            self.paused = self.pause;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn spinning_stops_when_it_never_pays() {
        let mut spin = Spin::new(2000);
        let spent: u32 = (0..10_000)
            .map(|_| {
                let turns = spin.turns();
                spin.miss(turns);
                turns
            })
            .sum();
        assert!(spent < 6_000, "{spent} turns were wasted in 10,000 waits");
    }

    #[test]
    fn spinning_comes_back_when_it_pays_again() {
        let mut spin = Spin::new(2000);
        for _ in 0..100 {
            let turns = spin.turns();
            spin.miss(turns);
        }
        let waits = (0..).take_while(|_| spin.turns() == 0).count();
        assert!(waits <= LONGEST_PAUSE as usize);
        for _ in 0..10 {
            spin.hit();
        }
        assert_eq!(spin.turns(), 2000);
    }
}

#[cfg(all(test, loom))]
mod model {
    //! `make model`: the listener sleeps on a condition variable under a mutex that stands for the kernel's futex queue.
    use super::*;
    use loom::sync::{Arc, Condvar, Mutex};
    use loom::thread;

    struct Bell {
        number: AtomicU32,
        sleeps: AtomicU32,
        queue: Mutex<()>,
        woken: Condvar,
    }

    impl Bell {
        fn new() -> Self {
            Self { number: AtomicU32::new(0), sleeps: AtomicU32::new(0), queue: Mutex::new(()), woken: Condvar::new() }
        }

        /// As futex_wait: checks the word and joins the queue in one step.
        fn sleep_while(&self, expected: u32) {
            let queue = self.queue.lock().unwrap();
            if self.number.load(Ordering::Relaxed) == expected {
                drop(self.woken.wait(queue).unwrap());
            }
        }

        fn ring(&self, value: u32) {
            ring(&self.number, &self.sleeps, value, |_| {
                let _queue = self.queue.lock().unwrap();
                self.woken.notify_all();
            });
        }

        fn listen(&self, expected: u32) -> u32 {
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
            let ringer = { let bell = bell.clone(); thread::spawn(move || bell.ring(1)) };
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
