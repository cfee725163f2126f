//! A library's functions, ready to be called: plan, signature and address of each.
//!
//! One of the modules of this crate that contain `unsafe`: what C takes for an address is what the caller says is one.

use crate::marshal::number::{bits_of_value, value_of_bits};
use crate::marshal::plan::{CallPlan, PlanError};
use crate::marshal::translation::{Translations, translations};
use crate::native::ffi::{CallInterface, Code, Frame, Outcome, SignatureError};
use crate::native::function::Callee;
use cloison_contract::expression::EvaluationError;
use cloison_contract::interface::{Function, Parameter};
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
    pub plan: CallPlan,
    callee: Callee,
}

impl Entry {
    /// Calls it with the arguments in `frame`.
    ///
    /// A manifest that is wrong about its library can corrupt this process, and nothing else: it is sandboxed. So what the
    /// manifest says is taken for true in what follows.
    ///
    /// # Safety
    ///
    /// All parameters have been set. Those that are pointers lead to as much memory as the manifest says that the function
    /// needs, or to objects that the library has given and that have not ended.
    #[inline]
    pub unsafe fn call(&self, frame: &mut Frame) -> Outcome {
        // SAFETY: the caller's promise.
        unsafe { self.callee.call(frame) }
    }

    /// The same where the value or an argument is larger than a word; the value goes to `result`.
    ///
    /// # Safety
    ///
    /// As for [`Entry::call`]; `result` is aligned to 16 and has room for [`Entry::result_bytes`]; parameters that the plan
    /// calls indirect are addresses of values of their types.
    pub(crate) unsafe fn call_large(&self, frame: &mut Frame, result: *mut u8) -> Outcome {
        // SAFETY: the caller's promise.
        unsafe { self.callee.call_large(frame, &self.plan.indirect, result) }
    }

    /// Calls it for the text that it gives, if that is what it gives.
    ///
    /// # Safety
    ///
    /// As for [`Entry::call`].
    unsafe fn text(&self, frame: &mut Frame) -> Option<String> {
        if !self.plan.returns_pointer {
            return None;
        }
        // SAFETY: the caller's promise.
        unsafe { self.callee.call_for_text(frame, MESSAGE_BYTES) }
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
    ///
    /// # Safety
    ///
    /// What `symbol` gives for a function is the address of that one.
    pub unsafe fn new<E: From<(FunctionId, FunctionError)>>(
        interface: Interface,
        mut symbol: impl FnMut(FunctionId, &Function) -> Result<Code, E>,
    ) -> Result<Self, E> {
        let mut entries = Vec::with_capacity(interface.functions.len());
        for (index, function) in interface.functions.iter().enumerate() {
            let id = FunctionId(index as u32);
            let plan = CallPlan::new(&interface, function).map_err(|error| (id, error.into()))?;
            let parameters = function.parameters.iter().map(|parameter| &parameter.c_type);
            let signature = CallInterface::new(&interface.types, parameters, function.variadic, &function.result);
            let signature = signature.map_err(|error| (id, error.into()))?;
            let code = symbol(id, function)?;
            // SAFETY: the signature is the function's, and so is the code, as the caller promises.
            entries.push(Entry { plan, callee: unsafe { Callee::new(signature, code) } });
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
    ///
    /// # Safety
    ///
    /// Arguments for parameters that are objects are addresses of such objects, or 0.
    pub unsafe fn integer(
        &self,
        frame: &mut Frame,
        id: FunctionId,
        arguments: &[i128],
    ) -> Result<i128, EvaluationError> {
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
                Shape::Handle(handle) if handle.by_address => return Err(EvaluationError::Unknown),
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
        // SAFETY: all are set, to numbers or to what the caller says; no parameter has another shape.
        let outcome = unsafe { entry.call(frame) };
        value_of_bits(outcome.value, result).ok_or(EvaluationError::Unknown)
    }

    /// What a `message` function says about a code, if it can be asked and its answer ends.
    pub fn message(&self, frame: &mut Frame, id: FunctionId, code: i128) -> Option<String> {
        let (entry, function) = self.get(id).zip(self.declaration(id))?;
        let [parameter] = function.parameters.as_slice() else { return None };
        let Shape::Number(NumberArgument { scalar, .. }) = &parameter.shape else { return None };
        frame.set(0, bits_of_value(code, *scalar)?);
        // SAFETY: its one parameter is a number, and set.
        unsafe { entry.text(frame) }
    }

    /// The object that a function gives for another one, of which a message is then asked.
    ///
    /// # Safety
    ///
    /// The address is that of an object that the function takes, or 0.
    pub unsafe fn object_for(&self, frame: &mut Frame, id: FunctionId, address: u64) -> Option<u64> {
        let (entry, function) = self.get(id).zip(self.declaration(id))?;
        if !takes(function, address) {
            return None;
        }
        frame.set(0, address);
        // SAFETY: its one parameter is set to what the caller says.
        Some(unsafe { entry.call(frame) }.value)
    }

    /// What a `message` function says about an object.
    ///
    /// # Safety
    ///
    /// The address is that of an object that the function takes, or 0.
    pub unsafe fn message_of(&self, frame: &mut Frame, id: FunctionId, address: u64) -> Option<String> {
        let (entry, function) = self.get(id).zip(self.declaration(id))?;
        if !takes(function, address) {
            return None;
        }
        frame.set(0, address);
        // SAFETY: its one parameter is set to what the caller says.
        unsafe { entry.text(frame) }
    }

    /// Calls a `free` function.
    ///
    /// # Safety
    ///
    /// The library has given that address to be freed by that function, once, and nobody uses it any more.
    pub unsafe fn free(&self, frame: &mut Frame, id: FunctionId, address: u64) {
        if let Some((entry, function)) = self.get(id).zip(self.declaration(id)) {
            match function.parameters.first().is_some_and(is_by_address) {
                true => frame.set_pointed(0, address),
                false => frame.set(0, address),
            }
            // SAFETY: its one parameter is set to what the caller says.
            unsafe { entry.call(frame) };
        }
    }
}

/// Whether a parameter is the address of a variable that holds the pointer to an object.
pub(crate) fn is_by_address(parameter: &Parameter) -> bool {
    parameter.shape.handle().is_some_and(|handle| handle.by_address)
}

/// Whether a function that takes one object can be asked of that one: NULL only where it says so.
fn takes(function: &Function, address: u64) -> bool {
    let handle = function.parameters.first().and_then(|one| one.shape.handle());
    address != 0 || handle.is_some_and(|handle| handle.null)
}
