//! `function.map(items, **fixed)`: one call for each item, many calls in one crossing.
//!
//! Each item's bytes go into the arena as soon as the item has been converted, and [`Nesting::mark`](cloison_calls::Nesting::mark) moves behind them: Python
//! code that a later item runs may make calls of its own, which then stay behind what is there already.
//!
//! The first crossing has one call, and the next ones have more as long as they are quick ([`Pace`]): whoever else waits for
//! the zone waits for one crossing, and calls that take long gain nothing by crossing together.
//!
//! ```text
//!  arena:  mark │ bytes of the fixed arguments │ rows of calls │ bytes of the items … │ replies
//! ```

use crate::batch::crossing::{CHUNK_BYTES, CHUNK_CALLS, Calls, Crossing, Made, WrittenRows};
use crate::batch::overlap::{BatchEnd, Overlap};
use crate::call::session::Session;
use crate::errors;
use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::{Extra, Prepared, missing};
use crate::marshal::plan::{Argument, Plan};
use crate::marshal::value::IntoObject;
use cloison_calls::CallFault;
use cloison_codec::memory::OBJECT_BYTES;
use cloison_codec::rows;
use cloison_contract::call::ARENA_ALIGNMENT;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyList, PyTuple};
use rustpython_vm::function::KwArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The arguments of a map, sorted into those that are the same each time and those that are not.
struct Sorted<'a> {
    /// Once for a crossing.
    shared: Vec<(&'a Argument, Option<&'a PyObject>)>,
    /// For each call again, with the same value: the library writes to it.
    copied: Vec<(&'a Argument, &'a PyObject)>,
    /// Different for each call.
    varying: Vec<&'a Argument>,
    /// How many of the latter an item must have.
    required: usize,
}

/// Calls that differ in what stands in their rows only.
pub struct Alike<'a> {
    plan: &'a Plan,
    count: usize,
    extras: VecDeque<(usize, Box<Extra>)>,
    /// Of the arguments that all calls have in common.
    shared: Option<Box<Extra>>,
}

impl<'a> Alike<'a> {
    /// So many calls of which nothing outlives them.
    pub fn new(plan: &'a Plan, count: usize) -> Self {
        Self { plan, count, extras: VecDeque::new(), shared: None }
    }
}

impl Calls for Alike<'_> {
    const WORDS: bool = false;

    fn count(&self) -> usize {
        self.count
    }

    fn plan(&self, _index: usize) -> &Plan {
        self.plan
    }

    fn extra(&mut self, index: usize, _made: &[Made]) -> Option<Box<Extra>> {
        let mut extra = self.extras.pop_front_if(|(of, _)| *of == index).map(|(_, extra)| extra);
        if let Some(shared) = self.shared.as_ref().filter(|shared| !shared.handles.is_empty()) {
            extra.get_or_insert_default().handles.extend(shared.handles.iter().cloned());
        }
        extra
    }
}

/// A list whose length is not known begins with room for so many.
const FEW_ITEMS: usize = 64;

/// Make the calls, and return the list of their values.
pub fn map(session: &Rc<Session>, plan: &Plan, items: &PyObject, fixed: &KwArgs, vm: &VirtualMachine) -> PyResult {
    let items = listed(items, vm)?;
    let sorted = sort(plan, fixed, vm)?;
    errors::ensure_free("the results of a map take", pointers(items.len()), vm)?;
    let mut results = Vec::with_capacity(items.len());
    let chunk = Chunk { session, plan, sorted: &sorted, pace: Pace::default() };
    while results.len() < items.len() {
        let first = results.len();
        if session.home.handles.waiting() > 0 {
            session.close_dropped(vm)?;
        }
        session.ensure_open(plan, vm)?;
        if let Some(mut overlap) = Overlap::new(&chunk, items.len() - first, vm)? {
            let ended = overlap.run(&items[first..], &mut results, vm);
            let BatchEnd { lost, failure } = ended.unwrap_or_else(|error| BatchEnd { lost: 0, failure: Some(error) });
            if let Some(failure) = failure.or_else(|| vm.check_signals().err()) {
                return Err(told(failure, results, lost, vm));
            }
            if results.len() > first {
                continue;
            }
        }
        let (epoch, mark) = (session.connection().epoch(), session.nesting.mark());
        let ended = chunk.run(&items[first..], vm);
        if session.connection().epoch() == epoch {
            session.nesting.set_place(session.nesting.depth(), mark);
        } else if session.nesting.depth() == 0 {
            session.nesting.set_place(0, 0);
        }
        let mut lost = 0;
        let failure = match ended {
            Ok((crossing, unfit)) => {
                lost = crossing.lost;
                let unmade = objects(session, crossing.made, &mut results, vm).err();
                unmade.or(crossing.failure).or(unfit)
            }
            Err(error) => Some(error),
        };
        if let Some(failure) = failure.or_else(|| vm.check_signals().err()) {
            return Err(told(failure, results, lost, vm));
        }
    }
    Ok(vm.ctx.new_list(results).into())
}

/// The items of any iterable, as long as there is memory: nobody interrupts a list that is made here.
fn listed(items: &PyObject, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
    const WHAT: &str = "the items of a map take";
    let count = items.downcast_ref::<PyList>().map(|list| list.borrow_vec().len());
    if let Some(count) = count.or_else(|| items.downcast_ref::<PyTuple>().map(|tuple| tuple.len())) {
        errors::ensure_free(WHAT, pointers(count), vm)?;
        return items.try_to_value(vm);
    }
    let mut list = Vec::new();
    for item in items.get_iter(vm)?.iter(vm)? {
        errors::ensure_free(WHAT, OBJECT_BYTES, vm)?;
        if list.len() == list.capacity() {
            let more = list.len().max(FEW_ITEMS);
            errors::ensure_free(WHAT, pointers(list.len() + more), vm)?;
            list.reserve_exact(more);
        }
        list.push(item?);
    }
    Ok(list)
}

/// What a list of so many objects takes.
fn pointers(objects: usize) -> u64 {
    (objects as u64).saturating_mul(size_of::<PyObjectRef>() as u64)
}

/// The objects of the values, one after the other: those before one that cannot be made are there.
pub fn objects(
    session: &Session,
    made: Vec<Made>,
    results: &mut Vec<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    for made in made {
        errors::ensure_free("the results of the calls take", OBJECT_BYTES, vm)?;
        results.push(made.values.into_object(&session.description.classes, vm)?);
    }
    Ok(())
}

/// Say which item it was, and what came before: `lost` results are not known.
pub fn told(
    error: PyBaseExceptionRef,
    results: Vec<PyObjectRef>,
    lost: usize,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let object = error.as_object();
    // An exception that takes no attributes goes without.
    let _ = object.set_attr("index", vm.ctx.new_int(results.len() + lost), vm);
    let _ = object.set_attr("results", vm.ctx.new_list(results), vm);
    error
}

fn sort<'a>(plan: &'a Plan, fixed: &'a KwArgs, vm: &VirtualMachine) -> PyResult<Sorted<'a>> {
    for name in fixed.iter().map(|(name, _)| name) {
        if !plan.arguments.iter().any(|argument| name.as_str() == Ok(&*argument.name)) {
            let text = format!("{}.map() got an unexpected keyword argument '{name}'", plan.name);
            return Err(vm.new_type_error(text));
        }
    }
    let given = |argument: &Argument| {
        let found = fixed.iter().find(|(name, _)| name.as_str() == Ok(&*argument.name));
        found.map(|(_, value)| value.as_object())
    };
    let open = || plan.arguments.iter().filter(|argument| given(argument).is_none());
    let required = open().filter(|argument| argument.default.is_none()).count();
    // Required ones first; without any, the first that may be left out.
    let mut varying: Vec<&Argument> = open().filter(|argument| argument.default.is_none()).collect();
    varying.extend(open().filter(|argument| argument.default.is_some()));
    if varying.is_empty() {
        return Err(vm.new_type_error(format!("{}.map(): no argument is left for the items", plan.name)));
    }
    if required == 1 {
        varying.truncate(1);
    }
    let mut sorted = Sorted { shared: Vec::new(), copied: Vec::new(), varying, required };
    for argument in &plan.arguments {
        match given(argument) {
            Some(value) if argument.once => sorted.copied.push((argument, value)),
            Some(value) => sorted.shared.push((argument, Some(value))),
            None if argument.default.is_some() => sorted.shared.push((argument, None)),
            None => {}
        }
    }
    Ok(sorted)
}

/// Crossings of one function's calls.
pub struct Chunk<'a> {
    /// Where.
    pub session: &'a Rc<Session>,
    /// Of what.
    pub plan: &'a Plan,
    sorted: &'a Sorted<'a>,
    /// How many calls the next crossing may have.
    pub pace: Pace,
}

/// How long a crossing should take at most.
const TURN: Duration = Duration::from_millis(1);

/// How many calls cross together: as many as are made in a [`TURN`], as far as the last crossing can tell.
pub struct Pace(Cell<usize>);

impl Default for Pace {
    fn default() -> Self {
        Self(Cell::new(1))
    }
}

impl Pace {
    /// The most calls of the next crossing.
    #[inline]
    pub fn calls(&self) -> usize {
        self.0.get()
    }

    /// So many calls have taken that long; `room` more of them would fit into the channel.
    pub fn learn(&self, calls: usize, took: Duration, room: usize) {
        let quick = (calls as u128 * TURN.as_nanos()).checked_div(took.as_nanos()).unwrap_or(u128::MAX);
        let quick = usize::try_from(quick).unwrap_or(usize::MAX);
        self.0.set(self.0.get().saturating_mul(8).min(quick).min(room).clamp(1, CHUNK_CALLS));
    }
}

impl<'a> Chunk<'a> {
    /// One crossing for as many items as go at once; and the error of the item after them, if that is why they are no more.
    fn run(&self, items: &'a [PyObjectRef], vm: &VirtualMachine) -> PyResult<(Crossing, Option<PyBaseExceptionRef>)> {
        let (session, plan) = (self.session, self.plan);
        let (epoch, start) = (session.connection().epoch(), session.nesting.mark());
        let mut prepared = Prepared::empty(plan.id, plan.words, session);
        let shared = self.share(&mut prepared, vm)?;
        let row = rows::row_bytes(plan.words as usize, 0);
        let most = items.len().min(self.pace.calls());
        let offset = prepared.request.arena_used.next_multiple_of(8);
        let mut used = offset + row * most as u64;
        errors::ensure_free("the calls of a map take", row * most as u64, vm)?;
        let mut rows = Vec::with_capacity(row as usize * most);
        let mut calls = Alike { shared, ..Alike::new(plan, 0) };
        let mut unfit = None;
        for item in &items[..most] {
            if calls.count > 0 && used - start > CHUNK_BYTES {
                break;
            }
            prepared.begin_again(used);
            if let Err(error) = self.convert(&mut prepared, item, vm) {
                unfit = Some(error);
                break;
            }
            match self.write(&prepared, vm) {
                Ok(true) => {}
                // It may fit alone.
                Ok(false) if calls.count > 0 => break,
                Ok(false) => unfit = Some(session.fault(plan, self.too_large(&prepared), vm)),
                Err(error) => unfit = Some(error),
            }
            if unfit.is_some() {
                break;
            }
            rows::push(&mut rows, plan.id, &prepared.request.words[..plan.words as usize], &[]);
            if let Some(extra) = prepared.extra.take() {
                calls.extras.push_back((calls.count, extra));
            }
            used = prepared.request.arena_used;
            calls.count += 1;
            session.nesting.set_place(session.nesting.depth(), used.next_multiple_of(ARENA_ALIGNMENT));
        }
        if calls.count == 0 {
            return Err(unfit.unwrap_or_else(|| vm.new_runtime_error("a crossing without a call")));
        }
        if session.connection().epoch() != epoch {
            return Err(session.lost(plan, vm));
        }
        let begun = Instant::now();
        let crossing = session.cross(&plan.name, &mut calls, &WrittenRows { rows: &rows, offset, used }, vm)?;
        // Results that are bytes need room behind the arguments: an eighth of it, as the next ones may be longer.
        let each = crossing.reached.saturating_sub(used) / calls.count as u64;
        let room = usize::try_from(self.room() / 8 / each.max(1)).unwrap_or(usize::MAX);
        self.pace.learn(calls.count, begun.elapsed(), room);
        Ok((crossing, unfit))
    }

    /// Convert and write what all calls of the crossing have in common.
    pub fn share(&self, prepared: &mut Prepared<'a>, vm: &VirtualMachine) -> PyResult<Option<Box<Extra>>> {
        let plan = self.plan;
        for (argument, value) in &self.sorted.shared {
            match value {
                Some(value) => {
                    prepared.convert(argument, value, ArgumentPlace::new(&plan.name, &argument.name), vm)?;
                }
                None => prepared.preset(argument).ok_or_else(|| missing(plan, argument, vm))?,
            }
        }
        if !self.write(prepared, vm)? {
            return Err(self.session.fault(plan, self.too_large(prepared), vm));
        }
        Ok(prepared.extra.take())
    }

    /// What is wrong with a request that does not fit.
    fn too_large(&self, prepared: &Prepared<'_>) -> CallFault {
        CallFault::TooLarge { used: prepared.request.arena_used, room: self.room() }
    }

    /// How much a crossing can carry.
    pub fn room(&self) -> u64 {
        self.session.description.interface.sandbox.call_bytes
    }

    /// The argument that each item is, if there is one and no other differs from call to call.
    pub fn only_varying(&self) -> Option<&'a Argument> {
        match &self.sorted.varying[..] {
            [argument] if self.sorted.copied.is_empty() => Some(argument),
            _ => None,
        }
    }

    /// Whether the conversion of an item runs no Python code.
    #[inline]
    pub fn is_plain(&self, item: &PyObject) -> bool {
        let sorted = self.sorted;
        let plain = |(argument, value): (&&Argument, &PyObjectRef)| argument.is_plain(value);
        sorted.copied.is_empty()
            && match &sorted.varying[..] {
                [argument] => argument.is_plain(item),
                several => {
                    item.downcast_ref::<PyTuple>().is_some_and(|tuple| several.iter().zip(tuple.as_slice()).all(plain))
                }
            }
    }

    /// The arguments of one call.
    #[inline]
    pub fn convert(&self, prepared: &mut Prepared<'a>, item: &'a PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let (plan, sorted) = (self.plan, self.sorted);
        let values = match &sorted.varying[..] {
            [_] => std::slice::from_ref(item),
            several => spread(plan, several.len(), sorted.required, item, vm)?,
        };
        for (index, argument) in sorted.varying.iter().enumerate() {
            prepared.clear(argument);
            match values.get(index) {
                Some(value) => {
                    prepared.convert(argument, value, ArgumentPlace::new(&plan.name, &argument.name), vm)?;
                }
                None => prepared.preset(argument).ok_or_else(|| missing(plan, argument, vm))?,
            }
        }
        for (argument, value) in &sorted.copied {
            prepared.clear(argument);
            prepared.convert(argument, value, ArgumentPlace::new(&plan.name, &argument.name), vm)?;
        }
        if !plan.lengths.is_empty() {
            prepared.check_lengths(plan, vm)?;
        }
        Ok(())
    }

    /// Copy the bytes into the arena. `false` if there is no room.
    #[inline]
    fn write(&self, prepared: &Prepared<'_>, vm: &VirtualMachine) -> PyResult<bool> {
        let mut channel = self.session.channel(self.plan, vm)?;
        let Some(open) = &mut *channel else { return Err(self.session.lost(self.plan, vm)) };
        Ok(prepared.write(open.caller.arena()).is_ok())
    }
}

/// The values of an item that stands for several arguments.
fn spread<'a>(
    plan: &Plan,
    most: usize,
    least: usize,
    item: &'a PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a [PyObjectRef]> {
    match item.downcast_ref::<PyTuple>().map(|tuple| tuple.as_slice()) {
        Some(values) if (least.max(1)..=most).contains(&values.len()) => Ok(values),
        Some(values) => Err(vm.new_type_error(format!(
            "{}.map(): an item has {} values, and must have {least} to {most}",
            plan.name,
            values.len()
        ))),
        None => {
            let class = item.class().name().to_string();
            Err(vm.new_type_error(format!("{}.map(): an item must be a tuple of arguments, not {class}", plan.name)))
        }
    }
}
