//! Python callables that C calls: which callable has which number.

use crate::marshal::callback::CallbackPlan;
use rustpython_vm::PyObjectRef;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many callables a capability may hold at once: far more than the zone has room for.
pub const MOST: usize = 1 << 16;

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
