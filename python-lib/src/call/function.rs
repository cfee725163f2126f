//! The class `Function`: one function of a capability.

use crate::call::session::Session;
use crate::link;
use crate::marshal::arguments::{Passed, Prepared};
use crate::marshal::plan::Plan;
use crate::marshal::value::IntoObject;
use crate::objects::object::Capability;
use cloison_contract::message::FromMicroprocess;
use cloison_contract::observation::NAME_BYTES;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyStrRef, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::types::{Callable, Representable};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

/// A function of a capability. It can only be got from one.
#[rustpython_vm::pyclass(module = "cloison", name = "Function")]
#[derive(PyPayload)]
pub struct Function {
    name: String,
    of: Of,
    ready: OnceCell<Ready>,
}

/// Whose function it is.
enum Of {
    /// A capability's that has not been described yet.
    Capability(PyRef<Capability>),
    /// A described one's. The object of the capability keeps this function, so the function does not keep that object: a capability goes when
    /// nothing names it any more.
    Session(Rc<Session>),
}

#[derive(Debug)]
struct Ready {
    session: Rc<Session>,
    plan: Plan,
    /// The same by the interface that has come in the place of this one.
    next: OnceCell<Box<Self>>,
}

/// A zone can be replaced again while a call is made ready once more: so often it is tried.
const TRIES: u32 = 8;

impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Whether that is where code of the application stands. What is frozen in is called as its module is, or as an installed library would
/// be.
fn is_of_application(file: &str) -> bool {
    let frozen = file.starts_with("<frozen") || file.contains("/lib/rustpython");
    !frozen && (file.ends_with(".py") || file.starts_with('<') || file.contains('/'))
}

/// The line that leads to here and is the application's, as `FILE:LINE`; nothing if the library alone does.
pub fn line_of_program(vm: &VirtualMachine) -> String {
    let mut frame = vm.current_frame();
    while let Some(one) = frame {
        let code = one.f_code();
        let file = code.source_path().to_str().unwrap_or("?");
        if is_of_application(file) {
            // As Python has it: what this object keeps itself is older where the frame still runs.
            let line = one.as_object().get_attr("f_lineno", vm).ok().and_then(|line| line.try_into_value(vm).ok());
            let at = format!("{file}:{}", line.unwrap_or(0_u32));
            return if at.len() <= NAME_BYTES { at } else { String::new() };
        }
        frame = one.f_back(vm);
    }
    String::new()
}

impl Function {
    /// The function of that name, which need not be known to exist yet.
    pub fn new(capability: PyRef<Capability>, name: String) -> Self {
        Self { name, of: Of::Capability(capability), ready: OnceCell::new() }
    }

    /// The function of that name of a capability that has been described so, and offers it.
    pub fn of(session: Rc<Session>, name: String) -> Self {
        Self { name, of: Of::Session(session), ready: OnceCell::new() }
    }

    /// The name of the capability.
    fn capability(&self) -> &str {
        match &self.of {
            Of::Capability(capability) => capability.name(),
            Of::Session(session) => &session.description.name,
        }
    }

    /// The class, with calls going the short way.
    pub fn class_ready() -> PyTypeRef {
        let class = Self::make_static_type();
        class.slots.vectorcall.store(Some(vectorcall));
        class
    }

    #[inline]
    fn ready(&self, vm: &VirtualMachine) -> PyResult<&Ready> {
        let ready = match self.ready.get() {
            Some(ready) => ready,
            None => self.prepare(vm)?,
        };
        if ready.session.is_outdated() { self.follow(ready, vm) } else { Ok(ready) }
    }

    /// What a call needs by the interface that the zone has now.
    #[cold]
    fn follow<'a>(&'a self, mut ready: &'a Ready, vm: &VirtualMachine) -> PyResult<&'a Ready> {
        while ready.session.is_outdated() {
            ready = match ready.next.get() {
                Some(next) => next,
                None => {
                    let new = self.planned(ready.session.current().clone(), vm)?;
                    ready.next.get_or_init(|| Box::new(new))
                }
            };
        }
        Ok(ready)
    }

    #[cold]
    fn prepare(&self, vm: &VirtualMachine) -> PyResult<&Ready> {
        let session = match &self.of {
            Of::Capability(capability) => capability.session(vm)?,
            Of::Session(session) => session.clone(),
        };
        if session.server.is_some() {
            // It was looked up where nothing but names is known.
            return Err(vm.new_type_error(format!(
                "'{}' of capability '{}' is a function of a service: look it up in a function, not while modules are imported",
                self.name,
                self.capability()
            )));
        }
        let ready = self.planned(session, vm)?;
        Ok(self.ready.get_or_init(|| ready))
    }

    fn planned(&self, session: Rc<Session>, vm: &VirtualMachine) -> PyResult<Ready> {
        let plan = session
            .description
            .interface
            .function(&self.name)
            .filter(|(_, function)| !function.internal)
            .and_then(|(id, _)| Plan::new(&session.description.interface, &session.description.grant, id.0));
        match (plan, &self.of) {
            (Some(plan), _) => {
                if session.recorded {
                    let used = FromMicroprocess::Uses {
                        capability: session.held.reference(),
                        function: self.name.clone(),
                        at: line_of_program(vm),
                    };
                    // It is a comment in a manifest: without it the call is the same.
                    let _ = link::notify(&used);
                }
                Ok(Ready { session, plan, next: OnceCell::new() })
            }
            (None, Of::Capability(capability)) => Err(capability.no_function(&self.name, vm)),
            (None, Of::Session(_)) => Err(vm.new_attribute_error(format!(
                "capability '{}' has no function '{}'",
                self.capability(),
                self.name
            ))),
        }
    }

    /// What a call needs, if it is granted.
    #[inline]
    pub fn granted(&self, vm: &VirtualMachine) -> PyResult<(&Rc<Session>, &Plan)> {
        let Ready { session, plan, .. } = self.ready(vm)?;
        if !plan.granted {
            link::refused(session.held.reference(), &plan.name);
            return Err(session.not_granted(&plan.name, vm));
        }
        Ok((session, plan))
    }

    /// Arguments do not fit. If that is so by an interface in whose place another one has come, those of that are looked at next.
    #[cold]
    fn outdated(
        &self,
        session: &Rc<Session>,
        plan: &Plan,
        error: PyBaseExceptionRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        if session.connection().may_be_behind() {
            match session.renewed(plan, vm) {
                Err(other) if !other.fast_isinstance(vm.ctx.exceptions.exception_type) => return Err(other),
                _ if session.is_outdated() => return Ok(()),
                _ => {}
            }
        }
        Err(error)
    }

    #[inline]
    fn invoke<'a>(&'a self, passed: Passed<'a>, vm: &VirtualMachine) -> PyResult {
        let mut tries = 0;
        loop {
            let (session, plan) = self.granted(vm)?;
            let mut prepared = Prepared::empty(plan.id, plan.words, session);
            if let Err(error) = prepared.fill(plan, &mut passed.clone(), vm) {
                drop(prepared);
                self.outdated(session, plan, error, vm)?;
                continue;
            }
            match session.call(plan, &mut prepared, vm) {
                Ok(values) => return values.into_object(&session.description.classes, vm),
                // Its zone was replaced before it began.
                Err(_) if session.takes_again() && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

/// A call from bytecode: values as they are on the stack, without a dictionary of keywords.
fn vectorcall(
    function: &PyObject,
    values: Vec<PyObjectRef>,
    positional: usize,
    names: Option<&[PyObjectRef]>,
    vm: &VirtualMachine,
) -> PyResult {
    match function.downcast_ref::<Function>() {
        Some(function) => function.invoke(Passed::new(&values, positional, names), vm),
        None => Err(vm.new_type_error("not a function of a capability")),
    }
}

impl Callable for Function {
    type Args = FuncArgs;

    /// A call with a tuple and a dictionary: `function(*args, **kwargs)`.
    fn call(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let (values, positional, names) = spread(args, vm);
        zelf.invoke(Passed::new(&values, positional, Some(&names)), vm)
    }
}

/// Positional values and named ones behind them, how many are positional, and the names of the others.
pub fn spread(args: FuncArgs, vm: &VirtualMachine) -> (Vec<PyObjectRef>, usize, Vec<PyObjectRef>) {
    let mut values = args.args;
    let positional = values.len();
    let named = args.kwargs.into_iter().map(|(name, value)| {
        values.push(value);
        vm.ctx.new_str(name).into()
    });
    let names = named.collect();
    (values, positional, names)
}

impl Representable for Function {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        let signature = zelf.ready.get().map_or("()", |ready| &ready.plan.signature);
        Ok(format!("<function {}.{}{signature} of a capability>", zelf.capability(), zelf.name))
    }
}

#[rustpython_vm::pyclass(with(Callable, Representable), flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl Function {
    #[pygetset]
    fn __name__(zelf: &Py<Self>) -> String {
        zelf.name.clone()
    }

    #[pygetset]
    fn __qualname__(zelf: &Py<Self>) -> String {
        format!("{}.{}", zelf.capability(), zelf.name)
    }

    #[pygetset]
    fn __module__(_zelf: &Py<Self>) -> &'static str {
        "cloison"
    }

    #[pygetset]
    fn __doc__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyStrRef> {
        Ok(vm.ctx.new_str(&*zelf.ready(vm)?.plan.doc))
    }

    #[pygetset]
    fn __text_signature__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyStrRef> {
        Ok(vm.ctx.new_str(&*zelf.ready(vm)?.plan.signature))
    }

    #[pygetset]
    fn __signature__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        let text = Self::__text_signature__(zelf, vm)?;
        crate::package::cloison_module("_signature", vm)?.get_attr("signature", vm)?.call((text,), vm)
    }

    /// One call for each item, many in one crossing: the list of their results.
    #[pymethod]
    fn map(zelf: &Py<Self>, items: PyObjectRef, fixed: KwArgs, vm: &VirtualMachine) -> PyResult {
        let (session, plan) = zelf.granted(vm)?;
        session.renewed(plan, vm)?;
        let (session, plan) = zelf.granted(vm)?;
        crate::batch::map::map(session, plan, &items, &fixed, vm)
    }

    #[pymethod]
    fn __reduce__(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Err(vm.new_type_error("a function of a capability cannot be copied or pickled"))
    }

    #[pymethod]
    fn __reduce_ex__(zelf: &Py<Self>, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Self::__reduce__(zelf, vm)
    }
}
