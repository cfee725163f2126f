//! Python callables that C calls: what a question means, and which callable has which number.
#![deny(clippy::wildcard_enum_match_arm)]

use crate::marshal::plan::{Argument, ParameterNames};
use cloison_contract::call::MAX_WORDS;
use cloison_contract::shape::{Callback, Position, Shape, Slot, Slots};
use cloison_contract::types::CType;
use rustpython_vm::PyObjectRef;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// How many callables a capability may hold at once: far more than the zone has room for.
pub const MOST: usize = 1 << 16;

/// What becomes of a question.
#[derive(Debug)]
pub struct CallbackPlan {
    /// The function that it is passed to, as errors show it.
    pub function: Box<str>,
    /// The parameter that it is passed as.
    pub name: Box<str>,
    /// How long one run may take.
    pub deadline: Duration,
    /// How long all runs in one call of the function may take together.
    pub budget: Duration,
    /// What the callable is given.
    pub given: Slots,
    /// What its value becomes; several values come as a tuple.
    pub results: Box<[Argument]>,
    /// How many words an answer has.
    pub words: u32,
}

impl CallbackPlan {
    /// Work it out. `None` if a question or an answer is more than a call can carry.
    pub fn new(names: &ParameterNames<'_>, name: &str, callback: &Callback) -> Option<Self> {
        let (given, answer) = (callback.question_slots(), callback.answer_slots());
        let has_value = callback.kept && callback.result != CType::Void;
        if has_value && Shape::of_value(&callback.result).is_none() {
            return None;
        }
        if answer.words() > MAX_WORDS || given.words() > MAX_WORDS {
            return None;
        }
        let result = |slot: &Slot| {
            let called = match slot.position {
                Position::Parameter(position) => format!("the {} of {name}", callback.parameters[position].name),
                Position::Value => format!("the value of {name}"),
            };
            Some(Argument { default: None, once: true, ..Argument::new(names, called.into(), slot)? })
        };
        Some(Self {
            function: names.function.name.as_str().into(),
            name: name.into(),
            deadline: callback.deadline.or(names.function.deadline).unwrap_or(names.interface.sandbox.deadline),
            budget: names.function.callables.unwrap_or(names.interface.sandbox.callables),
            given,
            results: answer.iter().map(result).collect::<Option<_>>()?,
            words: answer.words() as u32,
        })
    }
}

/// A callable and what is to be done with it.
#[derive(Clone, Debug)]
pub struct Callable {
    /// What Python passed.
    pub object: PyObjectRef,
    /// As what.
    pub plan: Rc<CallbackPlan>,
}

/// The callables that the library may call. Numbers are never used again.
#[derive(Debug, Default)]
pub struct Callables {
    registered: RefCell<BTreeMap<u64, Callable>>,
    last: Cell<u64>,
}

impl Callables {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.registered.borrow().is_empty()
    }

    /// The callable of that number.
    pub fn find(&self, number: u64) -> Option<Callable> {
        self.registered.borrow().get(&number).cloned()
    }
}

/// A callable's place among those that the library may call, for as long as this lives.
#[derive(Debug)]
pub struct Registration {
    callables: Rc<Callables>,
    number: u64,
}

impl Registration {
    /// Give a callable a number; `None` if there are [`MOST`] already.
    pub fn new(callables: &Rc<Callables>, object: PyObjectRef, plan: Rc<CallbackPlan>) -> Option<Self> {
        let mut registered = callables.registered.borrow_mut();
        if registered.len() >= MOST {
            return None;
        }
        let number = callables.last.get() + 1;
        callables.last.set(number);
        registered.insert(number, Callable { object, plan });
        Some(Self { callables: callables.clone(), number })
    }

    /// The number.
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Letting go of a Python object can run Python code: not while the table is borrowed.
        let callable = self.callables.registered.borrow_mut().remove(&self.number);
        drop(callable);
    }
}
