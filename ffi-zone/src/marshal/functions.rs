//! A library's functions, ready to be called: plan, signature and address of each.

use crate::marshal::number::{bits_of_value, value_of_bits};
use crate::marshal::plan::{Plan, PlanError};
use crate::marshal::translation::{Translations, translations};
use crate::native::ffi::{Code, Frame, Outcome, Signature, SignatureError};
use crate::native::function::Callee;
use cloison_contract::expression::EvaluationError;
use cloison_contract::interface::Function;
use cloison_contract::shape::{NumberArgument, Shape};
use cloison_contract::{FunctionId, Interface};

/// The longest text that a `message` function may return.
const MESSAGE_BYTES: usize = 64 * 1024;

/// Why a function cannot be offered.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FunctionError {
    /// Its roles make no sense.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Its types cannot be called.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// One function.
pub struct Entry {
    /// What to do for a call.
    pub plan: Plan,
    callee: Callee,
}

impl Entry {
    /// Calls it with the arguments in `frame`.
    #[inline]
    pub fn call(&self, frame: &mut Frame) -> Outcome {
        self.callee.call(frame)
    }
}

impl Entry {
    /// The same where the value or an argument is larger than a word; the value goes to `result`, which has room for
    /// [`Entry::result_bytes`].
    pub(crate) fn call_large(&self, frame: &mut Frame, result: *mut u8) -> Outcome {
        self.callee.call_large(frame, &self.plan.indirect, result)
    }

    /// How much room a large value needs.
    pub(crate) fn result_bytes(&self) -> usize {
        self.callee.result_bytes()
    }
}

/// All functions of an interface.
pub struct Functions {
    /// What the records look like.
    pub translations: Translations,
    /// Names, for texts.
    pub interface: Interface,
    entries: Vec<Entry>,
}

impl Functions {
    /// Prepares all functions; `symbol` gives the address of each. The first that fails ends it.
    pub fn new<E: From<(FunctionId, FunctionError)>>(
        interface: Interface,
        mut symbol: impl FnMut(FunctionId, &Function) -> Result<Code, E>,
    ) -> Result<Self, E> {
        let mut entries = Vec::with_capacity(interface.functions.len());
        for (index, function) in interface.functions.iter().enumerate() {
            let id = FunctionId(index as u32);
            let plan = Plan::new(&interface, function).map_err(|error| (id, error.into()))?;
            let parameters = function.parameters.iter().map(|parameter| &parameter.c_type);
            let signature = Signature::new(&interface.types, parameters, function.variadic, &function.result);
            let signature = signature.map_err(|error| (id, error.into()))?;
            entries.push(Entry { plan, callee: Callee::new(signature, symbol(id, function)?) });
        }
        // Each plan has been made with these, so that they make sense if there is any function at all.
        let translations = translations(&interface.types).unwrap_or_default();
        Ok(Self { translations, interface, entries })
    }

    /// One function, if there is such a number.
    #[inline]
    pub fn get(&self, id: FunctionId) -> Option<&Entry> {
        self.entries.get(id.0 as usize)
    }

    /// Its declaration.
    #[inline]
    pub fn declaration(&self, id: FunctionId) -> Option<&Function> {
        self.interface.functions.get(id.0 as usize)
    }

    /// Calls a function of integers for an expression, such as `compressBound(n)`.
    pub fn integer(&self, frame: &mut Frame, id: FunctionId, arguments: &[i128]) -> Result<i128, EvaluationError> {
        let (entry, function) = self.get(id).zip(self.declaration(id)).ok_or(EvaluationError::Unknown)?;
        let result = entry.plan.value.ok_or(EvaluationError::Unknown)?;
        if arguments.len() != function.parameters.len() {
            return Err(EvaluationError::Unknown);
        }
        for (index, (argument, parameter)) in arguments.iter().zip(&function.parameters).enumerate() {
            let bits = match &parameter.shape {
                Shape::Number(NumberArgument { scalar, .. }) => {
                    bits_of_value(*argument, *scalar).ok_or(EvaluationError::OutOfRange)?
                }
                Shape::Handle(handle) if handle.null || *argument != 0 => *argument as u64,
                Shape::Handle(_) => return Err(EvaluationError::Null),
                Shape::Buffer(_)
                | Shape::Callback(_)
                | Shape::CapacityOf(_)
                | Shape::Constant(_)
                | Shape::LengthOf(_)
                | Shape::OutPointer(_)
                | Shape::Record(_)
                | Shape::ScalarPointer(_)
                | Shape::Text(_)
                | Shape::Wide(_) => return Err(EvaluationError::Unknown),
            };
            frame.set(index, bits);
        }
        value_of_bits(entry.call(frame).value, result).ok_or(EvaluationError::Unknown)
    }

    /// What a `message` function says about a code, if it can be asked and its answer ends.
    pub fn message(&self, frame: &mut Frame, id: FunctionId, code: i128) -> Option<String> {
        let (entry, function) = self.get(id).zip(self.declaration(id))?;
        let [parameter] = function.parameters.as_slice() else { return None };
        let Shape::Number(NumberArgument { scalar, .. }) = &parameter.shape else { return None };
        frame.set(0, bits_of_value(code, *scalar)?);
        self.text(frame, entry)
    }

    /// The object that a function gives for another one, of which a message is then asked.
    pub fn object_for(&self, frame: &mut Frame, id: FunctionId, address: u64) -> Option<u64> {
        let (entry, function) = self.get(id).zip(self.declaration(id))?;
        if !takes(function, address) {
            return None;
        }
        frame.set(0, address);
        Some(entry.call(frame).value)
    }

    /// What a `message` function says about an object.
    pub fn message_of(&self, frame: &mut Frame, id: FunctionId, address: u64) -> Option<String> {
        let (entry, function) = self.get(id).zip(self.declaration(id))?;
        if !takes(function, address) {
            return None;
        }
        frame.set(0, address);
        self.text(frame, entry)
    }

    fn text(&self, frame: &mut Frame, entry: &Entry) -> Option<String> {
        if !entry.plan.returns_pointer {
            return None;
        }
        entry.callee.call_for_text(frame, MESSAGE_BYTES)
    }

    /// Calls a `free` function.
    pub fn free(&self, frame: &mut Frame, id: FunctionId, address: u64) {
        if let Some(entry) = self.get(id) {
            frame.set(0, address);
            entry.call(frame);
        }
    }
}

/// Whether a function that takes one object can be asked of that one: NULL only where it says so.
fn takes(function: &Function, address: u64) -> bool {
    let null = matches!(function.parameters.first().map(|one| &one.shape), Some(Shape::Handle(handle)) if handle.null);
    address != 0 || null
}
