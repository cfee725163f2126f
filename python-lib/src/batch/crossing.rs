//! Many calls in one crossing of the wall: what batches and `map` have in common.

use crate::call::client::CallEnd;
use crate::call::session::Session;
use crate::errors::{self, raise};
use crate::marshal::arguments::Extra;
use crate::marshal::plan::Plan;
use crate::marshal::results::{self, Decoded};
use crate::marshal::value::ZoneValues;
use crate::memory;
use crate::objects::handle::Core;
use cloison_codec::rows::Replies;
use cloison_codec::violation::Shortage;
use cloison_codec::{DecodeError, ProtocolViolation};
use cloison_contract::call::{BATCH, MAX_WORDS, Request, Status};
use cloison_contract::shape::{Lifetime, Position};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyResult, VirtualMachine};
use std::rc::Rc;
use std::time::Duration;

/// So many bytes of arguments go at once, a larger argument apart: what fits into the processor's caches is fastest.
pub const CHUNK_BYTES: u64 = 512 << 10;
/// So many calls at once.
pub const CHUNK_CALLS: usize = 4096;

/// What becomes of one call.
pub struct Made {
    /// Its results.
    pub values: ZoneValues,
    /// What else may be asked of it, if something may.
    more: Option<Box<More>>,
}

struct More {
    words: Vec<u64>,
    handles: Vec<(Lifetime, Rc<Core>)>,
}

impl Made {
    /// The words of its reply, if later crossings may want them.
    pub fn words(&self) -> &[u64] {
        self.more.as_ref().map_or(&[], |more| &more.words)
    }

    /// The handles among its results, and where they come from.
    pub fn handles(&self) -> &[(Lifetime, Rc<Core>)] {
        self.more.as_ref().map_or(&[], |more| &more.handles)
    }
}

/// The calls that are to be made.
pub trait Calls {
    /// How many.
    fn count(&self) -> usize;
    /// What is known of one.
    fn plan(&self, index: usize) -> &Plan;
    /// What outlives one, with what earlier ones have made.
    fn extra(&mut self, index: usize, made: &[Made]) -> Option<Box<Extra>>;
    /// Whether the words of replies are wanted.
    const WORDS: bool;
}

/// Where the rows stand in the arena.
pub struct WrittenRows<'a> {
    /// The rows, which are written last.
    pub rows: &'a [u8],
    /// Where they go.
    pub offset: u64,
    /// Where everything ends.
    pub used: u64,
}

/// What came of it.
pub struct Crossing {
    /// The calls that ended well.
    pub made: Vec<Made>,
    /// How many calls have been made after these whose results are lost, because the zone has ended in the next one.
    pub lost: usize,
    /// Why there are no more of them.
    pub failure: Option<PyBaseExceptionRef>,
    /// How far into the arena the replies reached.
    pub reached: u64,
}

/// Rows of calls from `offset` on, in an arena of which `used` bytes are in use.
pub fn request(offset: u64, length: u64, calls: usize, used: u64) -> Request {
    let mut request = Request { function: BATCH, count: 3, arena_used: used, words: [0; MAX_WORDS] };
    request.words[..3].copy_from_slice(&[offset, length, calls as u64]);
    request
}

/// What a call's reply takes before its values are built.
fn reply_bytes(plan: &Plan) -> u64 {
    let words = (1 + plan.reply.words()) * size_of::<u64>();
    (2 * words + size_of::<Made>() + size_of::<More>() + size_of::<(usize, Box<Extra>)>()) as u64
}

/// If the process of these calls alone has ended: how many of them had been made by then, as the zone says.
fn made_before_crash(turn: &CallEnd<'_>) -> Option<usize> {
    let reply = turn.channel.as_ref().filter(|_| turn.outcome == Ok(Status::Crashed))?.caller.reply();
    let index = reply.words[..reply.count as usize].get(4)?;
    usize::try_from(*index).ok()
}

impl Session {
    /// Make the calls. The error is one of the crossing itself, without any result.
    pub fn cross<C: Calls>(
        self: &Rc<Self>,
        name: &str,
        calls: &mut C,
        written: &WrittenRows<'_>,
        vm: &VirtualMachine,
    ) -> PyResult<Crossing> {
        let mut batch = Plan::special(BATCH, name, &self.description.interface);
        // The broker sees to each call's deadline; this one is for the case that nobody does.
        batch.deadline =
            (0..calls.count()).fold(Duration::ZERO, |sum, index| sum.saturating_add(calls.plan(index).deadline));
        // A reply that cannot be read is lost: there is room for all of them before the calls are made.
        let each = |index| reply_bytes(calls.plan(index));
        errors::ensure_free("the replies of the calls take", (0..calls.count()).map(each).sum(), vm)?;
        let request = request(written.offset, written.rows.len() as u64, calls.count(), written.used);
        let epoch = self.connection().epoch();
        match self.exchange(&batch, &request, |arena| arena.write(written.offset, written.rows), vm) {
            Ok(turn) => self.crossed(&batch, calls, turn, vm),
            Err(error) => match self.made_before_end(epoch, calls.count()) {
                Some(lost) => Ok(Crossing { made: Vec::new(), lost, failure: Some(error), reached: written.used }),
                None => Err(error),
            },
        }
    }

    /// If the zone has ended since: how many of so many calls had been made by then. That is the zone's word; what cannot be
    /// true, or says that it had begun none, counts as none.
    pub fn made_before_end(&self, epoch: u64, calls: usize) -> Option<usize> {
        let fatal = self.connection().fatal_call().filter(|_| self.connection().epoch() != epoch)?;
        Some(usize::try_from(fatal).ok().filter(|made| *made < calls).unwrap_or(0))
    }

    /// What has come of the calls.
    pub fn crossed<C: Calls>(
        self: &Rc<Self>,
        batch: &Plan,
        calls: &mut C,
        mut turn: CallEnd<'_>,
        vm: &VirtualMachine,
    ) -> PyResult<Crossing> {
        if !matches!(turn.outcome, Ok(Status::Ok)) {
            let lost = made_before_crash(&turn).map(|made| if made < calls.count() { made } else { 0 });
            let refused = self.refused(batch, &turn, vm);
            let failure = turn.raised.unwrap_or(refused);
            return match lost {
                Some(lost) => Ok(Crossing { made: Vec::new(), lost, failure: Some(failure), reached: 0 }),
                None => Err(failure),
            };
        }
        let mut extras = Vec::with_capacity(calls.count());
        let mut crossing = Crossing { made: Vec::with_capacity(calls.count()), lost: 0, failure: None, reached: 0 };
        let (asked, raised) = (turn.asked.take(), turn.raised.take());
        let read = match &mut *turn.channel {
            None => Err(ProtocolViolation::Words.into()),
            Some(open) => {
                let reply = open.caller.reply();
                let words = &reply.words[..reply.count as usize];
                let refuse = |plan: &Plan, status: Status, words: &[u64]| match (status, &asked, &raised) {
                    (_, _, Some(raised)) => raised.clone(),
                    (Status::CallbackOverdue, Some(asked), None) => {
                        raise::callback_overdue(&self.description.name, &plan.name, asked, vm)
                    }
                    (Status::CallablesOverdue, asked, None) => {
                        let arena = open.caller.arena();
                        raise::callables_overdue(&self.description.name, plan, asked.as_deref(), words, arena, vm)
                    }
                    _ => self.told(plan, status, words, open.caller.arena(), vm),
                };
                let read = self.read_replies(calls, words, open.caller.arena(), &mut crossing, &mut extras, &refuse);
                open.caller.settle(crossing.reached);
                read
            }
        };
        drop(turn);
        for (index, extra) in extras {
            extra.settle(crossing.made.get(index).map_or(&[], Made::handles));
        }
        if let Err(error) = read {
            crossing.failure.get_or_insert_with(|| raise::bad_reply(&self.description.name, batch, error, vm));
        }
        if let Some(raised) = raised {
            crossing.failure.get_or_insert(raised);
        }
        Ok(crossing)
    }

    fn read_replies<C: Calls>(
        self: &Rc<Self>,
        calls: &mut C,
        words: &[u64],
        arena: &cloison_transport::Arena,
        crossing: &mut Crossing,
        extras: &mut Vec<(usize, Box<Extra>)>,
        refuse: &dyn Fn(&Plan, Status, &[u64]) -> PyBaseExceptionRef,
    ) -> Result<(), DecodeError> {
        let &[offset, length, made] = words else { return Err(ProtocolViolation::Words.into()) };
        if made > calls.count() as u64 || length > made * (8 + MAX_WORDS as u64 * 8) {
            return Err(ProtocolViolation::Words.into());
        }
        let bytes = arena.read(offset, length).map_err(|_| ProtocolViolation::Range)?;
        crossing.reached = offset + length;
        let mut left = arena.len() - length;
        let mut replies = Replies::new(&bytes);
        for index in 0..made as usize {
            let (status, count) = replies.read_next()?;
            let words = &replies.words[..count];
            let (needed, free) = (reply_bytes(calls.plan(index)), memory::free_bytes());
            if needed > free {
                let bytes = size_of_val(words) as u64;
                return Err(DecodeError::Memory(Shortage { position: Position::Value, bytes, needed, free }));
            }
            if status != Status::Ok {
                crossing.failure = Some(refuse(calls.plan(index), status, words));
                return if index + 1 == made as usize { Ok(()) } else { Err(ProtocolViolation::Words.into()) };
            }
            let extra = calls.extra(index, &crossing.made);
            let taken = results::take(self, arena, extra.as_deref(), left, &calls.plan(index).reply, words);
            let Decoded { values, reached, made: handles, left: rest } = taken;
            left = rest;
            crossing.reached = crossing.reached.max(reached);
            extras.extend(extra.map(|extra| (index, extra)));
            let more = (C::WORDS || !handles.is_empty()).then(|| {
                let words = if C::WORDS { words.to_vec() } else { Vec::new() };
                Box::new(More { words, handles })
            });
            crossing.made.push(Made { values: values?, more });
        }
        match replies.is_at_end() && made == calls.count() as u64 {
            true => Ok(()),
            false => Err(ProtocolViolation::Words.into()),
        }
    }
}
