//! `with capability.batch() as b:` — calls that are noted, and made together when the block ends.
//!
//! ```text
//!  b.open(…) ─▶ converted and checked at once; its bytes go into the batch's own image of the arena ─▶ Pending
//!  end of the block ─▶ image and rows into the arena, one crossing ─▶ each Pending has its value
//! ```
//!
//! An image that grows beyond what is good to send at once is continued in another one, which is another crossing. Results of
//! an earlier crossing that are arguments of a later one are filled in here; within a crossing the zone does it (its links).
#![deny(clippy::wildcard_enum_match_arm)]

pub(crate) mod crossing;
pub(crate) mod map;
mod overlap;

use crate::batch::crossing::{CHUNK_BYTES, CHUNK_CALLS, Calls, Crossing, Made, WrittenRows};
use crate::batch::map::{objects, told};
use crate::call::function::Function;
use crate::call::session::Session;
use crate::errors;
use crate::errors::ends::REPLACED;
use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::{Extra, Passed, Prepared};
use crate::marshal::plan::{Argument, Plan};
use crate::objects::object::Capability;
use cloison_calls::CallFault;
use cloison_codec::memory::OBJECT_BYTES;
use cloison_codec::rows::{self, Link};
use cloison_contract::call::{ARENA_ALIGNMENT, BATCH};
use cloison_contract::shape::{Lifetime, Position, Shape};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyGenericAlias, PyStr, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::protocol::PyMappingMethods;
use rustpython_vm::types::{AsMapping, Callable, GetAttr, Representable};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, atomic_func};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A call that is noted.
struct Noted {
    function: PyRef<Function>,
    /// Which crossing.
    crossing: u32,
    words: Vec<u64>,
    /// Words that earlier calls of this batch give.
    links: Vec<Linked>,
    bulk: Vec<(u64, Vec<u8>)>,
    /// Where the bytes of the crossing end, with this call's.
    used: u64,
    extra: Option<Box<Extra>>,
    pending: PyRef<Pending>,
}

/// An argument that an earlier call gives.
#[derive(Clone, Copy)]
struct Linked {
    word: u32,
    call: u32,
    result: u32,
    /// The parameter, if something becomes of its handle; which handle of the earlier call's it is; whether it is consumed.
    handle: Option<(usize, Lifetime, bool)>,
}

static NUMBERS: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Noting,
    Over,
}

/// Calls that are made together.
#[rustpython_vm::pyclass(module = "cloison", name = "Batch")]
#[derive(PyPayload)]
pub struct Batch {
    capability: PyRef<Capability>,
    session: Rc<Session>,
    /// Tells it from all others.
    number: u64,
    state: Cell<State>,
    noted: RefCell<Vec<Noted>>,
    /// Where the images begin.
    mark: u64,
    /// The channel that it was begun with: its handles are of no other one.
    epoch: u64,
    crossing: Cell<u32>,
    calls: Cell<usize>,
    used: Cell<u64>,
}

impl fmt::Debug for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Batch").field("state", &self.state.get()).finish_non_exhaustive()
    }
}

impl Batch {
    /// A batch with nothing in it.
    pub fn new(capability: PyRef<Capability>, vm: &VirtualMachine) -> PyResult<Self> {
        let session = capability.session(vm)?;
        if session.server.is_some() {
            let text = format!("'{}' is a service, which has no batches: call its functions", capability.name());
            return Err(vm.new_type_error(text));
        }
        // Its calls are worked out before any is made.
        let session = session.renewed(&Plan::special(BATCH, "batch", &session.description.interface), vm)?;
        let (mark, epoch) = (session.nesting.mark(), session.connection().epoch());
        Ok(Self {
            capability,
            session,
            epoch,
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            state: Cell::new(State::Noting),
            noted: RefCell::default(),
            mark,
            crossing: Cell::new(0),
            calls: Cell::new(0),
            used: Cell::new(mark),
        })
    }

    /// What was noted for one zone is not called in another one that has come in its place: neither by its interface, nor with its handles.
    fn check_zone(&self, vm: &VirtualMachine) -> PyResult<()> {
        let (session, name) = (&self.session, self.capability.name());
        if session.is_outdated() {
            let text = format!("batch of capability '{name}': {REPLACED}, and is called in another way now");
            return Err(errors::new("ZoneReplaced", &text, &[], vm));
        }
        if session.connection().epoch() == self.epoch {
            return Ok(());
        }
        let (class, why) = match session.connection().was_replaced(self.epoch) {
            true => ("ZoneReplaced", REPLACED),
            false => ("StaleHandle", "the zone that it was begun with is gone"),
        };
        Err(errors::new(class, &format!("batch of capability '{name}': {why}"), &[], vm))
    }

    /// Note a call.
    fn note<'a>(
        &self,
        function: &'a PyRef<Function>,
        mut passed: Passed<'a>,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<Pending>> {
        if self.state.get() == State::Over {
            return Err(vm.new_runtime_error("this batch is over"));
        }
        self.check_zone(vm)?;
        let (session, plan) = function.granted(vm)?;
        if self.used.get() - self.mark > CHUNK_BYTES || self.calls.get() >= CHUNK_CALLS {
            self.crossing.set(self.crossing.get() + 1);
            self.calls.set(0);
            self.used.set(self.mark);
        }
        let mut prepared = Prepared::empty(plan.id, plan.words, session);
        prepared.request.arena_used = self.used.get();
        let mut links = Vec::new();
        let linked = |prepared: &mut Prepared<'_>, argument: &Argument, value: &PyObject| match value
            .downcast_ref::<Pending>()
        {
            None => Ok(false),
            Some(pending) => {
                let link = self.link(pending, plan, argument, vm)?;
                // Where there are two words, the first one says that the number is there.
                if argument.slot.words == 2 {
                    prepared.request.words[argument.slot.word] = 1;
                }
                links.push(link);
                Ok(true)
            }
        };
        prepared.fill_unless(plan, &mut passed, linked, vm)?;
        self.note_room(&prepared, vm)?;
        let index = self.noted.borrow().len();
        let pending = Pending {
            batch: self.number,
            call: index as u32,
            function: function.clone(),
            part: None,
            whole: None,
            state: RefCell::new(Outcome::Waiting),
        }
        .into_ref(&vm.ctx);
        self.used.set(prepared.request.arena_used);
        self.calls.set(self.calls.get() + 1);
        self.noted.borrow_mut().push(Noted {
            function: function.clone(),
            crossing: self.crossing.get(),
            words: prepared.request.words[..plan.words as usize].to_vec(),
            links,
            bulk: prepared.bulk_copied(),
            used: prepared.request.arena_used,
            extra: prepared.extra.take(),
            pending: pending.clone(),
        });
        Ok(pending)
    }

    /// Memory for one more call, whose bytes are copied.
    fn note_room(&self, prepared: &Prepared<'_>, vm: &VirtualMachine) -> PyResult<()> {
        const WHAT: &str = "the calls of a batch take";
        let noted = self.noted.borrow();
        if noted.len() == noted.capacity() {
            errors::ensure_free(WHAT, (2 * noted.len() * size_of::<Noted>()) as u64, vm)?;
        }
        errors::ensure_free(WHAT, prepared.bulk_bytes() + OBJECT_BYTES, vm)
    }

    /// An argument that an earlier call's result fills in.
    fn link(&self, pending: &Pending, plan: &Plan, argument: &Argument, vm: &VirtualMachine) -> PyResult<Linked> {
        let place = ArgumentPlace::new(&plan.name, &argument.name);
        if pending.batch != self.number {
            return Err(place.value_error("is the result of a call of another batch", vm));
        }
        let (_, earlier) = pending.function.granted(vm)?;
        let part = match (pending.part, earlier.reply.len()) {
            (Some(part), _) => part,
            (None, 1) => 0,
            (None, count) => {
                return Err(vm.new_type_error(format!(
                    "{}(): {} is one of the {count} results of {}(): say which, as in result[0]",
                    plan.name, argument.name, earlier.name
                )));
            }
        };
        let result = &earlier.reply[part];
        let is_float = |shape: &Shape| shape.number().map(|(scalar, _)| scalar.is_float());
        let slot = &argument.slot;
        let (fits, consumed) = match &slot.shape {
            Shape::Number(_) | Shape::ScalarPointer(_) => (is_float(&result.shape) == is_float(&slot.shape), None),
            Shape::Handle(handle) => (result.shape.object() == Some(handle.id), Some(handle.consumed)),
            Shape::Buffer(_)
            | Shape::Callback(_)
            | Shape::CapacityOf(_)
            | Shape::Constant(_)
            | Shape::LengthOf(_)
            | Shape::OutPointer(_)
            | Shape::Record(_)
            | Shape::Text(_)
            | Shape::Wide(_) => (false, None),
        };
        if !fits {
            return Err(vm.new_type_error(format!(
                "{}(): {} cannot be the result of {}() in the same batch: numbers and handles of the right type can",
                plan.name, argument.name, earlier.name
            )));
        }
        let becomes = consumed.filter(|consumed| *consumed || argument.keeps);
        let handle = match slot.position {
            Position::Parameter(position) => becomes.map(|consumed| (position, result.position.into(), consumed)),
            Position::Value => None,
        };
        Ok(Linked { word: (slot.word + slot.words - 1) as u32, call: pending.call, result: result.word as u32, handle })
    }

    /// Make the calls.
    fn run(&self, vm: &VirtualMachine) -> PyResult<()> {
        self.state.set(State::Over);
        let mut noted = self.noted.take();
        let needed = noted.len() * (size_of::<Made>() + size_of::<PyObjectRef>());
        if let Err(error) = errors::ensure_free("the results of a batch take", needed as u64, vm) {
            skip(noted);
            return Err(error);
        }
        let mut made: Vec<Made> = Vec::with_capacity(noted.len());
        let (mut failure, mut lost) = (None, 0);
        while failure.is_none() && made.len() < noted.len() {
            let first = made.len();
            let crossing = noted[first].crossing;
            let count = noted[first..].iter().take_while(|call| call.crossing == crossing).count();
            match self.cross(&mut noted[first..first + count], &made, vm) {
                Ok(crossing) => {
                    made.extend(crossing.made);
                    lost = crossing.lost;
                    failure = crossing.failure;
                }
                Err(error) => failure = Some(error),
            }
        }
        let mut results = Vec::with_capacity(made.len());
        let mut failed = lost + 1;
        if let (count, Err(unmade)) = (made.len(), objects(&self.session, made, &mut results, vm)) {
            (failure, lost, failed) = (Some(unmade), 0, count - results.len());
        }
        let mut noted = noted.into_iter();
        for (call, value) in noted.by_ref().take(results.len()).zip(&results) {
            call.pending.state.replace(Outcome::Done(value.clone()));
        }
        let Some(failure) = failure else { return Ok(()) };
        for failed in noted.by_ref().take(failed) {
            failed.pending.state.replace(Outcome::Failed(failure.clone()));
        }
        skip(noted);
        Err(told(failure, results, lost, vm))
    }

    /// One crossing.
    fn cross(&self, noted: &mut [Noted], earlier: &[Made], vm: &VirtualMachine) -> PyResult<Crossing> {
        let session = &self.session;
        let Some(last) = noted.last() else { return Err(vm.new_runtime_error("a crossing without a call")) };
        let (function, end) = (last.function.clone(), last.used);
        let plan = function.granted(vm)?.1;
        if session.home.handles.waiting() > 0 {
            session.close_dropped(vm)?;
        }
        if session.nesting.mark() > self.mark {
            return Err(vm.new_runtime_error("a batch that was begun outside of a callable cannot be run inside of it"));
        }
        self.check_zone(vm)?;
        session.ensure_open(plan, vm)?;
        self.check_zone(vm)?;
        let offset = end.next_multiple_of(ARENA_ALIGNMENT);
        let length = noted.iter().map(|call| rows::row_bytes(call.words.len(), call.links.len())).sum();
        errors::ensure_free("the calls of a batch take", length, vm)?;
        let mut image = Vec::with_capacity(length as usize);
        for call in noted.iter_mut() {
            let mut links = Vec::new();
            for linked in &call.links {
                match earlier.get(linked.call as usize) {
                    Some(made) => {
                        call.words[linked.word as usize] =
                            made.words().get(linked.result as usize).copied().unwrap_or(0);
                    }
                    None => links.push(Link {
                        word: linked.word,
                        call: linked.call - earlier.len() as u32,
                        result: linked.result,
                    }),
                }
            }
            let id = call.function.granted(vm)?.1.id;
            rows::push(&mut image, id, &call.words, &links);
        }
        self.write(plan, noted, vm)?;
        let used = offset + image.len() as u64;
        let functions: Vec<_> = noted.iter().map(|call| call.function.clone()).collect();
        let plans: PyResult<Vec<_>> = functions.iter().map(|function| Ok(function.granted(vm)?.1)).collect();
        let mut calls = Different { plans: plans?, noted, earlier };
        session.cross("batch", &mut calls, &WrittenRows { rows: &image, offset, used }, vm)
    }

    fn write(&self, plan: &Plan, noted: &[Noted], vm: &VirtualMachine) -> PyResult<()> {
        let mut channel = self.session.channel(plan, vm)?;
        let Some(open) = &mut *channel else { return Err(self.session.lost(plan, vm)) };
        let arena = open.caller.arena();
        for (offset, bytes) in noted.iter().flat_map(|call| &call.bulk) {
            if arena.write(*offset, bytes).is_err() {
                return Err(self.session.fault(
                    plan,
                    CallFault::TooLarge { used: offset + bytes.len() as u64, room: arena.len() },
                    vm,
                ));
            }
        }
        Ok(())
    }
}

/// These calls are not made.
fn skip(noted: impl IntoIterator<Item = Noted>) {
    for call in noted {
        call.pending.state.replace(Outcome::Skipped);
    }
}

struct Different<'a> {
    plans: Vec<&'a Plan>,
    noted: &'a mut [Noted],
    earlier: &'a [Made],
}

impl Calls for Different<'_> {
    const WORDS: bool = true;

    fn count(&self) -> usize {
        self.noted.len()
    }

    fn plan(&self, index: usize) -> &Plan {
        self.plans[index]
    }

    fn extra(&mut self, index: usize, made: &[Made]) -> Option<Box<Extra>> {
        let call = &mut self.noted[index];
        let mut extra = call.extra.take();
        for linked in &call.links {
            let Some((position, from, consumed)) = linked.handle else { continue };
            let earlier = self.earlier.iter().chain(made).nth(linked.call as usize);
            let core = earlier.and_then(|made| made.handles().iter().find(|(made, _)| *made == from));
            if let Some((_, core)) = core {
                let extra = extra.get_or_insert_default();
                extra.handles.push((position, core.clone()));
                extra.consumed.extend(consumed.then(|| core.clone()));
            }
        }
        extra
    }
}

impl GetAttr for Batch {
    /// A function of the capability, to be noted instead of called; anything else as the capability has it.
    fn getattro(zelf: &Py<Self>, name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult {
        if let Some(found) = zelf.as_object().generic_getattr_opt(name, None, vm)? {
            return Ok(found);
        }
        match zelf.capability.as_object().get_attr(name, vm)?.downcast::<Function>() {
            Ok(function) => Ok(Noting { batch: zelf.to_owned(), function }.into_ref(&vm.ctx).into()),
            Err(other) => Ok(other),
        }
    }
}

impl Representable for Batch {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        let count = zelf.noted.borrow().len();
        Ok(match zelf.state.get() {
            State::Noting => format!("<batch of {count} calls of capability '{}'>", zelf.session.description.name),
            State::Over => format!("<batch of capability '{}' that is over>", zelf.session.description.name),
        })
    }
}

#[rustpython_vm::pyclass(with(GetAttr, Representable), flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl Batch {
    #[pymethod]
    fn __enter__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    /// Make the calls, unless the block has raised.
    #[pymethod]
    fn __exit__(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.state.get() == State::Over {
            return Ok(());
        }
        if args.args.first().is_none_or(|raised| vm.is_none(raised)) {
            return zelf.run(vm);
        }
        zelf.state.set(State::Over);
        skip(zelf.noted.take());
        Ok(())
    }

    #[pymethod]
    fn __reduce_ex__(_zelf: &Py<Self>, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Err(vm.new_type_error("a batch cannot be copied or pickled"))
    }
}

/// A function whose calls are noted.
#[rustpython_vm::pyclass(module = "cloison", name = "BatchFunction")]
#[derive(Debug, PyPayload)]
pub struct Noting {
    batch: PyRef<Batch>,
    function: PyRef<Function>,
}

impl Callable for Noting {
    type Args = FuncArgs;

    fn call(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let (values, positional, names) = crate::call::function::spread(args, vm);
        let passed = Passed::new(&values, positional, Some(&names));
        zelf.batch.note(&zelf.function, passed, vm).map(Into::into)
    }
}

#[rustpython_vm::pyclass(with(Callable), flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl Noting {
    #[pygetset]
    fn __name__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.function.as_object().get_attr("__name__", vm)
    }

    #[pygetset]
    fn __doc__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.function.as_object().get_attr("__doc__", vm)
    }

    #[pygetset]
    fn __signature__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.function.as_object().get_attr("__signature__", vm)
    }
}

/// How far a call of a batch has come.
#[derive(Debug)]
enum Outcome {
    Waiting,
    Done(PyObjectRef),
    Failed(PyBaseExceptionRef),
    Skipped,
}

/// The result of a call of a batch, which is there when the batch has run.
#[rustpython_vm::pyclass(module = "cloison", name = "Pending")]
#[derive(Debug, PyPayload)]
pub struct Pending {
    batch: u64,
    call: u32,
    function: PyRef<Function>,
    /// One of several results, and the call that gives them.
    part: Option<usize>,
    whole: Option<PyRef<Pending>>,
    state: RefCell<Outcome>,
}

impl Representable for Pending {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let called = format!("{}()", zelf.function.as_object().get_attr("__qualname__", vm)?.str(vm)?);
        let whole = zelf.whole.as_ref().map_or(zelf, |whole| whole);
        let value = match &*whole.state.borrow() {
            Outcome::Waiting => return Ok(format!("<pending result of {called}>")),
            Outcome::Done(value) => value.clone(),
            Outcome::Failed(_) => return Ok(format!("<result of {called}, which failed>")),
            Outcome::Skipped => return Ok(format!("<result of {called}, which was not made>")),
        };
        Ok(format!("<result of {called}: {}>", value.repr(vm)?))
    }
}

impl AsMapping for Pending {
    fn as_mapping() -> &'static PyMappingMethods {
        static METHODS: LazyLock<PyMappingMethods> = LazyLock::new(|| PyMappingMethods {
            subscript: atomic_func!(|mapping, needle, vm| {
                let zelf = Pending::mapping_downcast(mapping);
                Pending::item(zelf, needle, vm)
            }),
            ..PyMappingMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

#[rustpython_vm::pyclass(with(Representable, AsMapping), flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl Pending {
    /// What the call gave. RuntimeError before the batch has run; what the call raised if it raised.
    #[pygetset]
    fn value(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        if let Some((whole, part)) = zelf.whole.as_ref().zip(zelf.part) {
            return Self::value(whole, vm)?.get_item(&part, vm);
        }
        match &*zelf.state.borrow() {
            Outcome::Waiting => {
                Err(vm.new_runtime_error("this call has not been made yet: a batch runs when its `with` block ends"))
            }
            Outcome::Done(value) => Ok(value.clone()),
            Outcome::Failed(error) => Err(error.clone()),
            Outcome::Skipped => Err(vm.new_runtime_error("this call was not made: the batch ended before it")),
        }
    }

    /// `Pending[int]`, for annotations.
    #[pyclassmethod]
    fn __class_getitem__(class: PyTypeRef, arguments: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyGenericAlias> {
        PyGenericAlias::from_args(class, arguments, vm)
    }

    /// Whether the call has been made, and ended well.
    #[pygetset]
    fn done(zelf: &Py<Self>) -> bool {
        let whole = zelf.whole.as_ref().map_or(zelf, |whole| whole);
        matches!(&*whole.state.borrow(), Outcome::Done(_))
    }

    #[pymethod]
    fn __reduce_ex__(_zelf: &Py<Self>, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Err(vm.new_type_error("a result that is pending cannot be copied or pickled"))
    }
}

impl Pending {
    /// One of several results.
    fn item(zelf: &Py<Self>, index: &PyObject, vm: &VirtualMachine) -> PyResult {
        let count = zelf.function.granted(vm)?.1.reply.len();
        let part: usize = index.try_to_value(vm)?;
        if count < 2 || part >= count || zelf.part.is_some() {
            return Err(vm.new_index_error(format!("the call has {count} results")));
        }
        let item = Self {
            batch: zelf.batch,
            call: zelf.call,
            function: zelf.function.clone(),
            part: Some(part),
            whole: Some(zelf.to_owned()),
            state: RefCell::new(Outcome::Waiting),
        };
        Ok(item.into_ref(&vm.ctx).into())
    }
}
