//! Python arguments → a [`Request`] and the bytes that go with it.
//!
//! Two passes, so that nothing can change under our feet: first every argument is converted and checked, which may run
//! Python code (`__index__`, `__buffer__`, iteration); then, when no Python code runs any more, the bytes are copied.

use super::number;
use super::plan::{Argument, Kind, Plan, Preset};
use super::raise::Place;
use super::sequence::{self, Source};
use cloison_capabilities::call::{ARENA_ALIGNMENT, MAX_WORDS, NULL, Request};
use cloison_transport::{Arena, OutOfRange};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyBytes, PyStr};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// A request whose bytes are still in Python's hands.
pub struct Prepared<'a> {
    /// The words; offsets are filled in already.
    pub request: Request,
    bulk: Pieces<'a>,
}

/// Bytes and where they go. The first few take no allocation: hardly any call has more.
#[derive(Default)]
struct Pieces<'a> {
    first: [Option<(u64, Source<'a>)>; 4],
    count: usize,
    rest: Vec<(u64, Source<'a>)>,
}

impl<'a> Pieces<'a> {
    #[inline]
    fn push(&mut self, piece: (u64, Source<'a>)) {
        match self.first.get_mut(self.count) {
            Some(place) => *place = Some(piece),
            None => self.rest.push(piece),
        }
        self.count += 1;
    }

    #[inline]
    fn iter(&self) -> impl Iterator<Item = &(u64, Source<'a>)> {
        self.first[..self.count.min(4)].iter().flatten().chain(&self.rest)
    }
}

/// What Python passed, sorted out by position and name.
pub struct Passed<'a> {
    positional: &'a [PyObjectRef],
    named: &'a [PyObjectRef],
    names: Option<&'a [PyObjectRef]>,
}

impl<'a> Passed<'a> {
    /// `values` are the positional ones, `positional` of them, then the named ones; `names` are the latter's names.
    pub fn new(values: &'a [PyObjectRef], positional: usize, names: Option<&'a [PyObjectRef]>) -> Self {
        let (positional, named) = values.split_at(positional.min(values.len()));
        Self { positional, named, names }
    }

    #[inline]
    fn value(&self, position: usize, name: &str) -> Option<&'a PyObject> {
        match self.positional.get(position) {
            Some(value) => Some(value),
            None => self.by_name(name),
        }
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
                Some(position) if position < self.positional.len() => {
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
    /// A request for that function, with nothing in it yet.
    #[inline]
    pub fn empty(plan: &Plan) -> Self {
        Self {
            request: Request { function: plan.id, count: plan.words, arena_used: 0, words: [0; MAX_WORDS] },
            bulk: Pieces::default(),
        }
    }

    /// Convert and check all arguments. In place: a request is too large to be handed about.
    #[inline]
    pub fn fill(&mut self, plan: &'a Plan, passed: &Passed<'a>, vm: &VirtualMachine) -> PyResult<()> {
        passed.check(plan, vm)?;
        for (position, argument) in plan.arguments.iter().enumerate() {
            match passed.value(position, &argument.name) {
                Some(value) => self.convert(argument, value, Place { plan, parameter: &argument.name }, vm)?,
                None => self.preset(argument).ok_or_else(|| missing(plan, argument, vm))?,
            }
        }
        if !plan.lengths.is_empty() {
            self.check_lengths(plan, vm)?;
        }
        Ok(())
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

    #[inline]
    fn convert(
        &mut self,
        argument: &Argument,
        value: &'a PyObject,
        place: Place<'_>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let word = argument.word;
        let words = &mut self.request.words;
        match &argument.kind {
            Kind::Integer(wanted) => words[word] = number::integer(value, wanted, place, vm)?,
            Kind::Float(wanted) => words[word] = number::float(value, wanted, place, vm)?,
            Kind::OptionalInteger(_) | Kind::OptionalFloat(_) if vm.is_none(value) => {}
            Kind::OptionalInteger(wanted) => {
                words[word + 1] = number::integer(value, wanted, place, vm)?;
                words[word] = 1;
            }
            Kind::OptionalFloat(wanted) => {
                words[word + 1] = number::float(value, wanted, place, vm)?;
                words[word] = 1;
            }
            Kind::Buffer(wanted) if wanted.null && vm.is_none(value) => words[word] = NULL,
            Kind::Buffer(wanted) => self.place(word, sequence::source(value, wanted, place, vm)?),
            Kind::Text { null: true, .. } if vm.is_none(value) => words[word] = NULL,
            Kind::Text { bytes, max_bytes, .. } => self.place_text(word, text(value, *bytes, *max_bytes, place, vm)?),
        }
        Ok(())
    }

    fn preset(&mut self, argument: &'a Argument) -> Option<()> {
        let word = argument.word;
        match (argument.default.as_ref()?, &argument.kind) {
            (Preset::Word(value), Kind::OptionalInteger(_) | Kind::OptionalFloat(_)) => {
                self.request.words[word] = 1;
                self.request.words[word + 1] = *value;
            }
            (Preset::Word(value), _) => self.request.words[word] = *value,
            (Preset::Text(text), _) => self.place_text(word, text),
            (Preset::Null, _) => self.request.words[word] = NULL,
        }
        Some(())
    }

    /// Text is followed by a NUL, which its length does not count.
    fn place_text(&mut self, word: usize, text: &'a [u8]) {
        self.place(word, Source::Borrowed(text));
        self.bulk.push((self.request.arena_used, Source::Borrowed(b"\0")));
        self.request.arena_used += 1;
    }

    fn place(&mut self, word: usize, source: Source<'a>) {
        let offset = self.request.arena_used.next_multiple_of(ARENA_ALIGNMENT);
        let length = source.len();
        self.request.words[word] = offset;
        self.request.words[word + 1] = length;
        self.request.arena_used = offset + length;
        self.bulk.push((offset, source));
    }

    /// Buffers that share a length must be equally long, and the length must fit its C type.
    fn check_lengths(&self, plan: &Plan, vm: &VirtualMachine) -> PyResult<()> {
        for length in &plan.lengths {
            let mut first = None;
            for &position in &length.of {
                let argument = &plan.arguments[position];
                let count = self.elements(plan, position);
                let place = Place { plan, parameter: &argument.name };
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

    fn elements(&self, plan: &Plan, position: usize) -> u64 {
        let argument = &plan.arguments[position];
        let bytes = self.request.words[argument.word + 1];
        match &argument.kind {
            Kind::Buffer(bulk) => bytes / bulk.element.size() as u64,
            _ => bytes,
        }
    }
}

#[cold]
fn missing(plan: &Plan, argument: &Argument, vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_type_error(format!("{}() missing required argument '{}'", plan.name, argument.name))
}

fn text<'a>(value: &'a PyObject, bytes: bool, max: u64, place: Place<'_>, vm: &VirtualMachine) -> PyResult<&'a [u8]> {
    let expected = if bytes { "bytes" } else { "a str or bytes" };
    let text = if let Some(value) = value.downcast_ref::<PyBytes>() {
        value.as_bytes()
    } else if let Some(value) = value.downcast_ref::<PyStr>().filter(|_| !bytes) {
        match value.to_str() {
            Some(text) => text.as_bytes(),
            None => return Err(place.value_error("has a lone surrogate, which UTF-8 cannot say", vm)),
        }
    } else {
        return Err(place.type_error(expected, value, vm));
    };
    if text.len() as u64 > max {
        return Err(place.value_error(&format!("has {} bytes, and may have {max} at most", text.len()), vm));
    }
    if text.contains(&0) {
        return Err(place.value_error("has an embedded NUL", vm));
    }
    Ok(text)
}
