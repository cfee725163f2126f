//! Python arguments → a [`Request`] and the bytes that go with it.
//!
//! Two passes, so that nothing can change under our feet: first every argument is converted and checked, which may run
//! Python code (`__index__`, `__buffer__`, iteration); then, when no Python code runs any more, the bytes are copied.

use crate::call::callback::Registration;
use crate::call::session::Session;
use crate::errors::place::ArgumentPlace;
use crate::marshal::pieces::{Pieces, Source};
use crate::marshal::plan::{Argument, Plan};
use crate::objects::handle::Core;
use cloison_codec::records::Packed;
use cloison_contract::call::{ARENA_ALIGNMENT, Request};
use cloison_contract::shape::{Lifetime, Slot};
use cloison_transport::{Arena, OutOfRange};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// A request whose bytes are still in Python's hands.
pub struct Prepared<'a> {
    /// The words; offsets are filled in already.
    pub request: Request,
    /// What outlives the call, if there is something.
    pub extra: Option<Box<Extra>>,
    bulk: Pieces<'a>,
    pub(super) session: &'a Session,
}

/// What a call is about beside words and bytes.
#[derive(Debug, Default)]
pub struct Extra {
    /// Handles that something becomes of, and where they were passed.
    pub handles: Vec<(usize, Rc<Core>)>,
    /// Handles that the call ends unless it fails.
    pub consumed: Vec<Rc<Core>>,
    /// Callables, and how long the library keeps them; else during the call.
    pub callables: Vec<(Registration, Option<Lifetime>)>,
}

/// What Python passed, sorted out by position and name.
#[derive(Clone)]
pub struct Passed<'a> {
    positional: &'a [PyObjectRef],
    named: &'a [PyObjectRef],
    names: Option<&'a [PyObjectRef]>,
    /// Leading arguments that the positional ones leave out: a bit for each position.
    skipped: u64,
}

impl<'a> Passed<'a> {
    /// `values` are the positional ones, `positional` of them, then the named ones; `names` are the latter's names.
    pub fn new(values: &'a [PyObjectRef], positional: usize, names: Option<&'a [PyObjectRef]>) -> Self {
        let (positional, named) = values.split_at(positional.min(values.len()));
        Self { positional, named, names, skipped: 0 }
    }

    #[inline]
    fn value(&self, position: usize, name: &str) -> Option<&'a PyObject> {
        match self.by_position(position) {
            Some(value) => Some(value),
            None => self.by_name(name),
        }
    }

    #[inline]
    fn by_position(&self, position: usize) -> Option<&'a PyObject> {
        if self.skipped == 0 {
            return self.positional.get(position).map(PyObjectRef::as_object);
        }
        let before = (self.skipped & ((1 << position) - 1)).count_ones() as usize;
        let there = self.skipped >> position & 1 == 0;
        self.positional.get(position - before).filter(|_| there).map(PyObjectRef::as_object)
    }

    /// With too few positional arguments for all that have to be there, the leading ones are left out, as `range(stop)`
    /// leaves out `start`.
    #[cold]
    fn skip_leading(&mut self, plan: &Plan) {
        let unnamed = |argument: &&Argument| self.by_name(&argument.name).is_none();
        let required = plan.arguments.iter().filter(|argument| argument.default.is_none()).filter(unnamed).count();
        let mut room = self.positional.len().saturating_sub(required);
        let mut skipped = 0;
        for (position, argument) in plan.arguments.iter().enumerate().take(63) {
            if argument.leading {
                match room.checked_sub(1).filter(|_| unnamed(&argument)) {
                    Some(left) => room = left,
                    None => skipped |= 1 << position,
                }
            }
        }
        self.skipped = skipped;
    }

    fn by_name(&self, name: &str) -> Option<&'a PyObject> {
        let names = self.names?;
        let index = names.iter().position(|given| is(given, name))?;
        self.named.get(index).map(PyObjectRef::as_object)
    }

    /// Whether there is nothing that no parameter takes.
    #[inline]
    fn check(&self, plan: &Plan, vm: &VirtualMachine) -> PyResult<()> {
        if self.positional.len() > plan.arguments.len() {
            return Err(vm.new_type_error(format!(
                "{}() takes {} but {} were given",
                plan.name,
                match plan.arguments.len() {
                    1 => "1 argument".to_owned(),
                    count => format!("{count} arguments"),
                },
                self.positional.len()
            )));
        }
        match self.names {
            Some(names) => self.check_names(names, plan, vm),
            None => Ok(()),
        }
    }

    fn check_names(&self, names: &[PyObjectRef], plan: &Plan, vm: &VirtualMachine) -> PyResult<()> {
        for given in names {
            let shown = given.str(vm)?;
            match plan.arguments.iter().position(|argument| is(given, &argument.name)) {
                Some(position) if self.by_position(position).is_some() => {
                    return Err(
                        vm.new_type_error(format!("{}() got multiple values for argument '{shown}'", plan.name))
                    );
                }
                Some(_) => {}
                None => {
                    return Err(
                        vm.new_type_error(format!("{}() got an unexpected keyword argument '{shown}'", plan.name))
                    );
                }
            }
        }
        Ok(())
    }
}

fn is(given: &PyObject, name: &str) -> bool {
    given.downcast_ref::<PyStr>().and_then(|given| given.to_str()) == Some(name)
}

impl<'a> Prepared<'a> {
    /// A request for that function, with nothing in it yet. Inside a callable, what it brings stands behind what the call
    /// that runs has brought.
    #[inline]
    pub fn empty(function: u32, words: u32, session: &'a Session) -> Self {
        Self { request: session.nesting.request(function, words), extra: None, bulk: Pieces::default(), session }
    }

    /// Convert and check all arguments. In place: a request is too large to be handed about.
    #[inline]
    pub fn fill(&mut self, plan: &'a Plan, passed: &mut Passed<'a>, vm: &VirtualMachine) -> PyResult<()> {
        self.fill_unless(plan, passed, |_, _, _| Ok(false), vm)
    }

    /// The same, but for values that `taken` takes.
    #[inline]
    pub fn fill_unless(
        &mut self,
        plan: &'a Plan,
        passed: &mut Passed<'a>,
        mut taken: impl FnMut(&mut Self, &'a Argument, &'a PyObject) -> PyResult<bool>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        if plan.leading {
            passed.skip_leading(plan);
        }
        passed.check(plan, vm)?;
        for (position, argument) in plan.arguments.iter().enumerate() {
            match passed.value(position, &argument.name) {
                Some(value) if taken(self, argument, value)? => {}
                Some(value) => self.convert(argument, value, ArgumentPlace::new(&plan.name, &argument.name), vm)?,
                None => self.preset(argument).ok_or_else(|| missing(plan, argument, vm))?,
            }
        }
        if !plan.lengths.is_empty() {
            self.check_lengths(plan, vm)?;
        }
        Ok(())
    }

    /// Another call of the same function, whose bytes stand from there on. The words are those of the last one.
    #[inline]
    pub fn begin_again(&mut self, used: u64) {
        self.request.arena_used = used;
        self.bulk.clear();
    }

    /// Nothing for this argument yet.
    #[inline]
    pub fn clear(&mut self, argument: &Argument) {
        let slot = &argument.slot;
        self.request.words[slot.word..slot.word + slot.words].fill(0);
    }

    /// Copy the bytes to where the words say they are.
    #[inline]
    pub fn write(&self, arena: &Arena) -> Result<(), OutOfRange> {
        for (offset, source) in self.bulk.iter() {
            match source {
                Source::Borrowed(bytes) => arena.write(*offset, bytes)?,
                Source::Exported(buffer) => buffer.contiguous_or_collect(|bytes| arena.write(*offset, bytes))?,
                Source::Owned(bytes) => arena.write(*offset, bytes)?,
            }
        }
        Ok(())
    }

    /// How many bytes [`Self::bulk_copied`] copies.
    pub fn bulk_bytes(&self) -> u64 {
        self.bulk.iter().map(|(_, source)| source.len()).sum()
    }

    /// The bytes and where they go, without the objects that they came from.
    pub fn bulk_copied(&self) -> Vec<(u64, Vec<u8>)> {
        self.bulk.iter().map(|(offset, source)| (*offset, source.copied())).collect()
    }

    /// Records or words for texts, and the texts behind them.
    pub(super) fn place_packed(&mut self, word: usize, packed: Packed) {
        let Packed { mut bytes, texts } = packed;
        let offset = self.request.arena_used.next_multiple_of(ARENA_ALIGNMENT);
        let mut used = offset + bytes.len() as u64;
        let mut behind = Vec::with_capacity(texts.len());
        for (position, text) in texts {
            let at = used.next_multiple_of(8);
            bytes[position..position + 8].copy_from_slice(&(at + 1).to_le_bytes());
            used = at + 8 + text.len() as u64;
            behind.push((at, Source::Owned([&(text.len() as u64).to_le_bytes(), &text[..]].concat())));
        }
        self.request.words[word] = offset;
        self.request.words[word + 1] = bytes.len() as u64;
        self.request.arena_used = used;
        self.bulk.push((offset, Source::Owned(bytes)));
        for piece in behind {
            self.bulk.push(piece);
        }
    }

    /// Put a number, a handle or a callable. A number that may be missing has a word in front that says whether it is there.
    #[inline]
    pub(super) fn put(&mut self, slot: &Slot, word: u64) {
        if slot.words == 2 {
            self.request.words[slot.word] = 1;
        }
        self.request.words[slot.word + slot.words - 1] = word;
    }

    /// Text is followed by a NUL, which its length does not count.
    pub(super) fn place_text(&mut self, word: usize, text: &'a [u8]) {
        self.place(word, Source::Borrowed(text));
        self.bulk.push((self.request.arena_used, Source::Borrowed(b"\0")));
        self.request.arena_used += 1;
    }

    /// Put bytes.
    #[inline]
    pub(super) fn place(&mut self, word: usize, source: Source<'a>) {
        let offset = self.request.arena_used.next_multiple_of(ARENA_ALIGNMENT);
        let length = source.len();
        self.request.words[word] = offset;
        self.request.words[word + 1] = length;
        self.request.arena_used = offset + length;
        self.bulk.push((offset, source));
    }

    /// Buffers that share a length must be equally long, and the length must fit its C type.
    pub fn check_lengths(&self, plan: &Plan, vm: &VirtualMachine) -> PyResult<()> {
        for length in &plan.lengths {
            let mut first = None;
            for (&position, &element) in length.of.iter().zip(&length.element_bytes) {
                let argument = &plan.arguments[position];
                let count = self.request.words[argument.slot.word + 1] / element;
                let place = ArgumentPlace::new(&plan.name, &argument.name);
                if i128::from(count) > length.most {
                    return Err(
                        place.overflow_error(&format!("has {count} elements, more than {} can say", length.name), vm)
                    );
                }
                if *first.get_or_insert(count) != count {
                    return Err(place.value_error(
                        &format!(
                            "has {count} elements, but {} has {}",
                            plan.arguments[length.of[0]].name,
                            first.unwrap_or(0)
                        ),
                        vm,
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The error for an argument that has to be there.
#[cold]
pub fn missing(plan: &Plan, argument: &Argument, vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_type_error(format!("{}() missing required argument '{}'", plan.name, argument.name))
}
