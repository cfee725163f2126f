//! Crossings of a `map` that overlap: while the zone makes the calls of one, the results of the one before become Python
//! objects here, and the next is made ready.
//!
//! ```text
//!  here   convert 1 │ convert 2    │ results 1, convert 3 │ results 2, convert 4 │ …
//!  zone             │ calls of 1   │ calls of 2           │ calls of 3           │ …
//!
//!  arena  mark │ what all calls share │ rows, items' bytes, replies │ rows, items' bytes, replies │
//!                                       └─ of crossings 1, 3, …      └─ of crossings 2, 4, …
//! ```
//!
//! The channel is in use all the time, so no Python code may run. That is why this is for calls whose results are numbers
//! ([`suits`]), for items that are what they seem ([`Argument::is_plain`](crate::marshal::plan::Argument::is_plain)), and for lines on which the library has no callable.
//! For all others [`crate::batch::map`] makes one crossing after the other. Only an item that does not fit makes an object
//! that Python's collector knows; a finalizer that runs just then and calls this capability is told that a call is under way.

use crate::batch::crossing::{self, Crossing};
use crate::batch::map::{self, Alike, Chunk};
use crate::call::connection::Open;
use crate::errors::{self, raise};
use crate::marshal::arguments::Prepared;
use crate::marshal::plan::{Length, Plan};
use cloison_calls::ConversationEnd;
use cloison_codec::ProtocolViolation;
use cloison_codec::decode::number::holds;
use cloison_codec::rows;
use cloison_contract::call::{ARENA_ALIGNMENT, BATCH, REFUSAL_WORDS, Request, Status};
use cloison_contract::types::Scalar;
use cloison_transport::Arena;
use cloison_transport::client::CallError;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyBytes};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefMut;
use std::time::Instant;

/// A crossing costs as much as a handful of calls; with more calls than this the processor's caches are no help any more.
const CALLS: usize = 512;
/// With fewer there is nothing to overlap.
const FEWEST_CALLS: usize = 64;
/// The most bytes of the items of one crossing.
const BYTES: u64 = 64 << 10;
/// What a number takes at most as a Python object.
const NUMBER_BYTES: u64 = 96;
/// So many crossings go by before Python looks for signals.
const CROSSINGS: usize = 64;

/// Whether the results of these calls are no more than a number each.
pub fn suits(plan: &Plan) -> bool {
    plan.reply.is_empty() || single(plan).is_some()
}

/// The type of the number that is the only result, if that is so.
fn single(plan: &Plan) -> Option<Scalar> {
    match &*plan.reply {
        [slot] => slot.shape.number().filter(|(_, enumeration)| enumeration.is_none()).map(|(scalar, _)| scalar),
        _ => None,
    }
}

/// A crossing's part of the arena.
#[derive(Clone, Copy, Debug)]
struct Part {
    rows: u64,
    /// From here on, the items' bytes.
    bytes: u64,
    /// They end by here, so that the replies fit.
    end: u64,
}

/// What is to cross next.
struct Ready {
    part: Part,
    calls: usize,
    /// Where the items' bytes end.
    used: u64,
    /// Why the item after them is not among them.
    unfit: Option<PyBaseExceptionRef>,
}

/// Why there are no more calls.
pub struct BatchEnd {
    /// How many calls after those with results had been made when the zone ended.
    pub lost: usize,
    /// The error of the next call, if that is why.
    pub failure: Option<PyBaseExceptionRef>,
}

/// Overlapping crossings of one function.
pub struct Overlap<'c, 'a> {
    chunk: &'c Chunk<'a>,
    /// With what all calls share.
    prepared: Prepared<'a>,
    parts: [Part; 2],
    /// Where both and their replies end.
    end: u64,
    /// The most calls of a crossing.
    calls: usize,
    bytes: Option<OnlyBytes>,
    batch: Plan,
}

/// Nothing but the bytes of one buffer differs from call to call, which is the usual case: then converting an item is copying it.
struct OnlyBytes {
    /// Where the buffer's words stand.
    word: usize,
    /// The most bytes.
    most: u64,
}

impl OnlyBytes {
    fn of(chunk: &Chunk<'_>) -> Option<Self> {
        let argument = chunk.only_varying()?;
        let buffer = argument.slot.shape.buffer()?;
        let element = buffer.element.scalar()?;
        let word = argument.slot.word;
        let position = chunk.plan.arguments.iter().position(|one| one.slot.word == word)?;
        let most = |length: &Length| (*length.of == [position]).then(|| u64::try_from(length.most).unwrap_or(u64::MAX));
        let lengths: Vec<u64> = chunk.plan.lengths.iter().map(most).collect::<Option<_>>()?;
        let most = lengths.into_iter().fold(buffer.max_bytes, u64::min);
        (element.size() == 1).then_some(Self { word, most })
    }

    /// Copies the item. `None` if it is not as plain as that; `false` if there is no room.
    #[inline]
    fn copy(&self, item: &PyObject, request: &mut Request, end: u64, arena: &Arena) -> Option<bool> {
        let bytes = item.downcast_ref::<PyBytes>()?.as_bytes();
        let (offset, length) = (request.arena_used.next_multiple_of(ARENA_ALIGNMENT), bytes.len() as u64);
        if length > self.most {
            return None;
        }
        request.words[self.word] = offset;
        request.words[self.word + 1] = length;
        request.arena_used = offset + length;
        Some(request.arena_used <= end && arena.write(offset, bytes).is_ok())
    }
}

impl<'c, 'a> Overlap<'c, 'a> {
    /// For `count` items. `None` if their calls are not such, or if there is no room.
    pub fn new(chunk: &'c Chunk<'a>, count: usize, vm: &VirtualMachine) -> PyResult<Option<Self>> {
        let (session, plan) = (chunk.session, chunk.plan);
        if !suits(plan) || count < FEWEST_CALLS || !session.callables.is_empty() {
            return Ok(None);
        }
        let mut prepared = Prepared::empty(plan.id, plan.words, session);
        if chunk.share(&mut prepared, vm)?.is_some() {
            return Ok(None);
        }
        let calls = (count / 8).clamp(FEWEST_CALLS, CALLS);
        let mut start = prepared.request.arena_used;
        let mut part = || {
            let rows = start.next_multiple_of(ARENA_ALIGNMENT);
            let bytes = rows + rows::row_bytes(plan.words as usize, 0) * calls as u64;
            let end = bytes + BYTES;
            start = end.next_multiple_of(ARENA_ALIGNMENT) + (calls * (1 + REFUSAL_WORDS) * 8) as u64;
            Part { rows, bytes, end }
        };
        let parts = [part(), part()];
        if start > chunk.room() {
            return Ok(None);
        }
        let mut batch = Plan::special(BATCH, &plan.name, &session.description.interface);
        // The broker sees to each call's deadline; this one is for the case that nobody does.
        batch.deadline = plan.deadline.saturating_mul(calls as u32);
        Ok(Some(Self { chunk, prepared, parts, end: start, calls, bytes: OnlyBytes::of(chunk), batch }))
    }

    /// Make the calls for as many items as are plain, and add their values to `results`.
    pub fn run(
        &mut self,
        items: &'a [PyObjectRef],
        results: &mut Vec<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<BatchEnd> {
        let (session, plan) = (self.chunk.session, self.chunk.plan);
        let mut channel = session.channel(plan, vm)?;
        let Some(open) = &mut *channel else { return Err(session.lost(plan, vm)) };
        let mut rest = &items[..items.len().min(self.calls * CROSSINGS)];
        let mut flying = self.ready(open.caller.arena(), 0, &mut rest, vm);
        let mut posted = Instant::now();
        if flying.calls > 0 {
            posted = self.post(open, &flying);
        }
        let (mut words, mut numbers) = (Vec::new(), Vec::with_capacity(self.calls));
        let mut turn = 0;
        while flying.calls > 0 {
            let Some(open) = &mut *channel else { return Err(session.lost(plan, vm)) };
            turn += 1;
            let next = match flying.unfit.take() {
                Some(error) => Ready { part: flying.part, calls: 0, used: 0, unfit: Some(error) },
                None => self.ready(open.caller.arena(), turn, &mut rest, vm),
            };
            let outcome = open.caller.resume();
            self.chunk.pace.learn(flying.calls, posted.elapsed(), usize::MAX);
            let replies = if outcome == Ok(Status::Ok) { complete(plan, open, &flying) } else { None };
            let Some(replies) = replies else { return self.end(&flying, channel, outcome, results, vm) };
            // The end of both parts: what is ready in the other one must not be given back to the kernel.
            open.caller.settle(self.end);
            if next.calls > 0 {
                posted = self.post(open, &next);
            }
            // The zone is busy again; what it has answered stands still, unless it lies.
            let read = read(plan, open.caller.arena(), replies, &flying, &mut words, &mut numbers);
            objects(plan, &mut numbers, results, vm);
            if let Err(violation) = read {
                if next.calls > 0 {
                    session.give_up(&mut channel, plan, vm);
                }
                return Ok(BatchEnd {
                    lost: 0,
                    failure: Some(raise::bad_reply(&session.description.name, &self.batch, violation.into(), vm)),
                });
            }
            flying = next;
        }
        Ok(BatchEnd { lost: 0, failure: flying.unfit })
    }

    /// When it was.
    fn post(&self, open: &mut Open, ready: &Ready) -> Instant {
        let (session, plan) = (self.chunk.session, self.chunk.plan);
        let length = rows::row_bytes(plan.words as usize, 0) * ready.calls as u64;
        let request = crossing::request(ready.part.rows, length, ready.calls, ready.used);
        session.connection().count_call();
        open.caller.post(&request, self.batch.deadline);
        Instant::now()
    }

    /// Convert and write the next items.
    fn ready(&mut self, arena: &Arena, turn: usize, rest: &mut &'a [PyObjectRef], vm: &VirtualMachine) -> Ready {
        let (chunk, plan) = (self.chunk, self.chunk.plan);
        let part = self.parts[turn % 2];
        let mut ready = Ready { part, calls: 0, used: part.bytes, unfit: None };
        let head = rows::head(plan.id, plan.words as usize);
        let most = chunk.pace.calls().min(self.calls);
        let row_bytes = rows::row_bytes(plan.words as usize, 0);
        // A call that has been made is not lost for want of memory: there is room for its result, and those that are under way.
        let needed = 2 * most.min(rest.len()) as u64 * NUMBER_BYTES;
        if let Err(error) = errors::ensure_free("the results of a map take", needed, vm) {
            ready.unfit = Some(error);
            return ready;
        }
        while let [item, others @ ..] = *rest {
            if ready.calls == most || !chunk.is_plain(item) {
                break;
            }
            self.prepared.begin_again(ready.used);
            let request = &mut self.prepared.request;
            let copied = self.bytes.as_ref().and_then(|bytes| bytes.copy(item, request, part.end, arena));
            let copied = match copied {
                Some(copied) => copied,
                None => match chunk.convert(&mut self.prepared, item, vm) {
                    Ok(()) => self.prepared.request.arena_used <= part.end && self.prepared.write(arena).is_ok(),
                    Err(error) => {
                        ready.unfit = Some(error);
                        break;
                    }
                },
            };
            let (at, request) = (part.rows + row_bytes * ready.calls as u64, &self.prepared.request);
            let written = copied
                && arena.write_words(at, &head).is_ok()
                && arena.write_words(at + size_of_val(&head) as u64, &request.words[..plan.words as usize]).is_ok();
            if !written {
                break;
            }
            ready.used = request.arena_used;
            ready.calls += 1;
            *rest = others;
        }
        ready
    }

    /// A crossing that has not gone as all others do.
    #[cold]
    fn end(
        &self,
        ready: &Ready,
        channel: RefMut<'_, Option<Open>>,
        outcome: Result<Status, CallError>,
        results: &mut Vec<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<BatchEnd> {
        let (session, plan, epoch) = (self.chunk.session, self.chunk.plan, self.chunk.session.connection().epoch());
        let ConversationEnd { mut channel, outcome, raised, asked } =
            session.converse(&self.batch, channel, outcome, vm)?;
        if let Err(failure) = outcome {
            let error = session.failed(&self.batch, failure, &mut channel, vm);
            let lost = session.made_before_end(epoch, ready.calls).unwrap_or(0);
            return Ok(BatchEnd { lost, failure: Some(error) });
        }
        let turn = ConversationEnd { channel, outcome, raised, asked };
        let mut calls = Alike::new(plan, ready.calls);
        let Crossing { made, lost, failure, .. } = session.crossed(&self.batch, &mut calls, turn, vm)?;
        let unmade = map::objects(session, made, results, vm).err();
        Ok(BatchEnd { lost, failure: unmade.or(failure) })
    }
}

/// Where the replies stand, if the zone says that all calls have been made and that the last one has ended well, as none is
/// made after one that has not.
fn complete(plan: &Plan, open: &Open, flying: &Ready) -> Option<u64> {
    let reply = open.caller.reply();
    let &[offset, length, made] = reply.words.get(..reply.count as usize)? else { return None };
    let each = (1 + plan.reply.words()) as u64 * 8;
    if made != flying.calls as u64 || length != made * each {
        return None;
    }
    let mut last = [0];
    open.caller.arena().read_words(offset.checked_add(length - each)?, &mut last).ok()?;
    (last[0] == well(plan)).then_some(offset)
}

/// What stands before the words of a reply to a call that has ended well.
fn well(plan: &Plan) -> u64 {
    u64::from(Status::Ok as u32) | (plan.reply.words() as u64) << 32
}

/// The numbers of calls that have all ended well, each checked. `words` is room to do it in.
fn read(
    plan: &Plan,
    arena: &Arena,
    replies: u64,
    flying: &Ready,
    words: &mut Vec<u64>,
    numbers: &mut Vec<u64>,
) -> Result<(), ProtocolViolation> {
    let (each, well) = (1 + plan.reply.words(), well(plan));
    words.resize(flying.calls * each, 0);
    arena.read_words(replies, words).map_err(|_| ProtocolViolation::Range)?;
    let scalar = single(plan);
    for reply in words.chunks_exact(each) {
        let (head, number) = (reply[0], reply.get(1).copied().unwrap_or(0));
        if head != well {
            return Err(ProtocolViolation::Words);
        }
        if scalar.is_some_and(|scalar| !holds(scalar, number)) {
            return Err(ProtocolViolation::Number);
        }
        numbers.push(number);
    }
    Ok(())
}

/// Numbers as Python objects, which takes no Python code.
fn objects(plan: &Plan, numbers: &mut Vec<u64>, results: &mut Vec<PyObjectRef>, vm: &VirtualMachine) {
    let numbers = numbers.drain(..);
    match single(plan) {
        Some(scalar) if scalar.is_float() => {
            results.extend(numbers.map(|bits| vm.ctx.new_float(f64::from_bits(bits)).into()))
        }
        Some(Scalar::Bool) => results.extend(numbers.map(|truth| vm.ctx.new_bool(truth != 0).into())),
        Some(scalar) if scalar.bounds().is_some_and(|(least, _)| least < 0) => {
            results.extend(numbers.map(|number| vm.ctx.new_int(number as i64).into()));
        }
        Some(_) => results.extend(numbers.map(|number| vm.ctx.new_int(number).into())),
        None => results.extend(numbers.map(|_| vm.ctx.none())),
    }
}
