//! Whose turn it is to look at a channel: the leader's, who waits for requests of idle ones, or that of the thread which
//! runs the channel's call.
//!
//! - The leader alone makes an idle channel busy: there is one leader at a time.
//! - The thread that runs the call alone takes what comes while the channel is busy, and makes it idle again: before it
//!   posts the call's end, or, if it posts none, before it knocks.
//!
//! The leader may sleep on the number of a busy channel too, because it must not miss what is posted once that channel is idle. `tests` holds
//! the model, with the bells of [`crate::doorbell`].

use crate::doorbell::{AtomicU32, Ordering};

/// Who has taken what of one channel.
#[derive(Debug)]
pub(crate) struct Turns {
    /// The number of the newest request that has been taken.
    served: AtomicU32,
    /// 1 from when the leader has taken a request until its call has ended.
    busy: AtomicU32,
}

impl Turns {
    pub(crate) fn new() -> Self {
        Self { served: AtomicU32::new(0), busy: AtomicU32::new(0) }
    }

    /// The newest request that has been taken.
    #[inline]
    pub(crate) fn served(&self) -> u32 {
        self.served.load(Ordering::Relaxed)
    }

    /// For the leader: the number of a request that it may take, and has taken now.
    #[inline]
    pub(crate) fn take(&self, posted: impl Fn() -> u32) -> Option<u32> {
        // With `Acquire`, this thread also sees which requests the thread that made it idle has taken.
        if self.busy.load(Ordering::Acquire) != 0 {
            return None;
        }
        let posted = self.next(posted())?;
        self.busy.store(1, Ordering::Relaxed);
        self.serve(posted);
        Some(posted)
    }

    /// For the leader: whether a call runs. If none does, none begins before the leader takes a request.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire) != 0
    }

    /// For the leader, before it sleeps: the number that changes when there may be something for it; `None` if there is now.
    pub(crate) fn expected(&self, posted: impl Fn() -> u32) -> Option<u32> {
        let seen = posted();
        // In this order: if this still finds the channel busy, then the thread that runs the call takes what was posted before,
        // or knocks for what it leaves.
        if self.busy.load(Ordering::Acquire) != 0 {
            return Some(seen);
        }
        self.next(posted()).is_none().then(|| self.served())
    }

    /// The number, if it is that of a request which nobody has taken.
    #[inline]
    pub(crate) fn next(&self, posted: u32) -> Option<u32> {
        (posted != self.served()).then_some(posted)
    }

    /// For the thread that runs the call: it takes this one, too.
    #[inline]
    pub(crate) fn serve(&self, posted: u32) {
        self.served.store(posted, Ordering::Relaxed);
    }

    /// For the thread that runs the call: it has ended.
    #[inline]
    pub(crate) fn end(&self) {
        self.busy.store(0, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
mod model {
    //! `make model`: a leader and the thread that runs a call sleep on the same number; the client rings it.
    use super::*;
    use crate::doorbell::model::Bell;
    use loom::sync::Arc;
    use loom::thread;

    struct Channel {
        turns: Turns,
        request: Bell,
        reply: Bell,
        knocks: Bell,
    }

    impl Channel {
        fn new() -> Arc<Self> {
            Arc::new(Self { turns: Turns::new(), request: Bell::new(), reply: Bell::new(), knocks: Bell::new() })
        }

        /// The leader's loop, in its simplest form: look, lie down, look, sleep.
        fn lead(&self) -> u32 {
            loop {
                let knocks = self.knocks.number();
                if let Some(taken) = self.turns.take(|| self.request.number()) {
                    return taken;
                }
                self.request.lie_down();
                if let Some(expected) = self.turns.expected(|| self.request.number())
                    && self.knocks.number() == knocks
                {
                    self.request.sleep_while_either(expected, &self.knocks, knocks);
                }
                self.request.get_up();
            }
        }
    }

    /// Three threads and two waits each are many interleavings: those with up to two preemptions are tried.
    fn bounded(model: impl Fn() + Sync + Send + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(2);
        builder.check(model);
    }

    #[test]
    fn the_request_after_a_conversation_is_found() {
        bounded(|| {
            let channel = Channel::new();
            channel.request.ring(1);
            assert_eq!(channel.lead(), 1);
            let worker = {
                let channel = channel.clone();
                thread::spawn(move || {
                    // A question, its answer, and the end.
                    channel.reply.ring(1);
                    let answer = channel.request.listen(1);
                    channel.turns.serve(answer);
                    channel.turns.end();
                    channel.reply.ring(answer);
                })
            };
            let client = {
                let channel = channel.clone();
                thread::spawn(move || {
                    assert_eq!(channel.reply.listen(0), 1);
                    channel.request.ring(2);
                    assert_eq!(channel.reply.listen(1), 2);
                    channel.request.ring(3);
                })
            };
            assert_eq!(channel.lead(), 3, "the answer is not the leader's");
            worker.join().unwrap();
            client.join().unwrap();
        });
    }

    #[test]
    fn an_answer_that_comes_too_late_is_found() {
        bounded(|| {
            let channel = Channel::new();
            channel.request.ring(1);
            assert_eq!(channel.lead(), 1);
            let worker = {
                let channel = channel.clone();
                thread::spawn(move || {
                    channel.turns.end();
                    channel.knocks.ring_with(1, &channel.request);
                })
            };
            let client = {
                let channel = channel.clone();
                thread::spawn(move || channel.request.ring(2))
            };
            assert_eq!(channel.lead(), 2);
            worker.join().unwrap();
            client.join().unwrap();
        });
    }
}
