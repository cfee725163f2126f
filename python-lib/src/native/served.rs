//! A call of a service of this process's: what its arguments are bound by, and what is told of it when it has ended.

use crate::call::connection;
use crate::errors;
use crate::link;
use cloison_contract::FunctionId;
use cloison_contract::expression::{BytesTest, Environment, EvaluationError, Real};
use cloison_contract::grant::Bound;
use cloison_contract::message::{FromMicroprocess, LIMIT_TEXT_BYTES, ToMicroprocess};
use rustix::time::{ClockId, clock_gettime};
use rustpython_vm::builtins::{PyBytes, PyFloat, PyInt, PyStr};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::cell::Cell;

thread_local! {
    /// How much processor time has been told of calls that have ended: those that others have served before they returned leave it out.
    static TOLD_NS: Cell<u64> = const { Cell::new(0) };
}

/// A call that the broker has admitted. Python can make none.
#[rustpython_vm::pyclass(module = "_cloison", name = "ServedCall")]
#[derive(Debug, PyPayload)]
pub struct ServedCall {
    service: u64,
    call: u64,
    bounds: Vec<Bound>,
    /// How much processor time this process had had when it began, and what had been told of calls until then.
    begun: (u64, u64),
    /// The broker has heard what has become of it.
    told: Cell<bool>,
}

impl ServedCall {
    /// The call of that number, of the service that was offered as that grant.
    pub fn new(service: u64, call: u64, bounds: Vec<Bound>) -> Self {
        Self { service, call, bounds, begun: (cpu_ns(), TOLD_NS.get()), told: Cell::new(false) }
    }
}

#[rustpython_vm::pyclass(flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl ServedCall {
    /// The number of the service.
    #[pygetset]
    fn service(zelf: &Py<Self>) -> u64 {
        zelf.service
    }

    /// Whether anything must hold for its arguments.
    #[pygetset]
    fn bounded(zelf: &Py<Self>) -> bool {
        !zelf.bounds.is_empty()
    }

    /// Why it is not made with these arguments, those that are left out included, in the order in which the service has named its parameters.
    /// None if it is: every bound holds.
    #[pymethod]
    fn outside(zelf: &Py<Self>, arguments: Vec<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Option<String>> {
        let Some(mut said) = refusal(&zelf.bounds, &arguments, vm) else { return Ok(None) };
        said.truncate(said.floor_char_boundary(LIMIT_TEXT_BYTES));
        zelf.told.set(true);
        match connection::ask(&FromMicroprocess::NotMade { call: zelf.call, said }, vm)? {
            (ToMicroprocess::Denied { message }, _) => Ok(Some(message)),
            _ => Err(errors::new("Error", "the broker knows nothing of a call that a bound refuses", &[], vm)),
        }
    }

    /// It has been answered, with so many bytes. The broker hears of it once.
    #[pymethod]
    fn ended(zelf: &Py<Self>, bytes: u64) {
        if zelf.told.replace(true) {
            return;
        }
        let (begun, told) = zelf.begun;
        let of_others = TOLD_NS.get().saturating_sub(told);
        let cpu_ns = cpu_ns().saturating_sub(begun).saturating_sub(of_others);
        TOLD_NS.set(TOLD_NS.get().saturating_add(cpu_ns));
        // Without a broker this process is about to end, and what its service counts with it.
        let _ = link::notify(&FromMicroprocess::Served { call: zelf.call, bytes, cpu_ns });
    }
}

/// What there is to say of the first bound that does not hold, as a zone says it.
fn refusal(bounds: &[Bound], arguments: &[PyObjectRef], vm: &VirtualMachine) -> Option<String> {
    let mut arguments = Arguments { arguments, vm };
    bounds.iter().find_map(|bound| match bound.expression.evaluate(&mut arguments) {
        Ok(0) => Some(format!("`{}` does not hold", bound.text)),
        Ok(_) => None,
        Err(error) => Some(format!("`{}` cannot be judged: {error}", bound.text)),
    })
}

/// The objects that a function is about to be called with. Numbers, texts and bytes do not change any more.
struct Arguments<'a> {
    arguments: &'a [PyObjectRef],
    vm: &'a VirtualMachine,
}

impl Arguments<'_> {
    fn at(&self, index: usize) -> Result<&PyObject, EvaluationError> {
        self.arguments.get(index).map(|object| &**object).ok_or(EvaluationError::Unknown)
    }

    fn integer(&self, index: usize) -> Result<i128, EvaluationError> {
        let number = self.at(index)?.downcast_ref::<PyInt>().ok_or(EvaluationError::Unknown)?;
        i128::try_from(number.as_bigint()).map_err(|_| EvaluationError::OutOfRange)
    }

    /// The bytes of a text in UTF-8, or those that there are; `None` is none.
    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, EvaluationError> {
        let object = self.at(index)?;
        if self.vm.is_none(object) {
            return Ok(None);
        }
        if let Some(text) = object.downcast_ref::<PyStr>() {
            return text.to_str().map(|text| Some(text.as_bytes())).ok_or(EvaluationError::NoText);
        }
        let bytes = object.downcast_ref::<PyBytes>().ok_or(EvaluationError::Unknown)?;
        Ok(Some(bytes.as_bytes()))
    }
}

impl Environment for Arguments<'_> {
    fn parameter(&mut self, index: usize) -> Result<i128, EvaluationError> {
        self.integer(index)
    }

    fn pointed(&mut self, _: usize) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }

    fn errno(&mut self) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }

    fn value(&mut self) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }

    fn call(&mut self, _: FunctionId, _: &[i128]) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }

    fn holds(&mut self, index: usize, test: &BytesTest) -> Result<bool, EvaluationError> {
        test.holds(self.bytes(index)?)
    }

    fn length(&mut self, index: usize) -> Result<i128, EvaluationError> {
        Ok(self.bytes(index)?.map_or(0, |bytes| bytes.len() as i128))
    }

    fn real(&mut self, real: Real) -> Result<f64, EvaluationError> {
        let Real::Parameter(index) = real else { return Err(EvaluationError::Unknown) };
        if let Some(number) = self.at(index)?.downcast_ref::<PyFloat>() {
            return Ok(number.to_f64());
        }
        // A whole number is passed on as it is, so it is judged only if it is no other one as a fraction.
        let whole = self.integer(index)?;
        let number = whole as f64;
        match number as i128 == whole && whole < i128::MAX {
            true => Ok(number),
            false => Err(EvaluationError::OutOfRange),
        }
    }
}

/// How much processor time this process has had: it has one thread.
fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
