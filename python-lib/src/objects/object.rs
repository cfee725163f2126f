//! The class `Capability`: what `cloison.toml` granted, its functions as attributes.
//!
//! In a template a capability is a name only, so that `zlib = cloison.capability("zlib")` may stand at the top of a
//! module; each microprocess asks for itself what it may do. In a microprocess it is described at once, and denied at once.

use crate::batch::Batch;
use crate::call::function::Function;
use crate::call::session::Session;
use crate::link;
use crate::marshal::plan::Plan;
use crate::objects::held::HeldGrant;
use cloison_contract::message::{CapabilityName, CapabilityRef};
use cloison_contract::offered;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr, PyUtf8StrRef};
use rustpython_vm::common::hash::PyHash;
use rustpython_vm::function::{FuncArgs, PyComparisonValue};
use rustpython_vm::types::{Comparable, GetAttr, Hashable, PyComparisonOp, Representable};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A capability. It can only be got from `cloison.capability()`.
#[rustpython_vm::pyclass(module = "cloison", name = "Capability")]
#[derive(Debug, PyPayload)]
pub struct Capability {
    origin: Origin,
    session: OnceCell<Rc<Session>>,
}

/// How this process has come to it.
#[derive(Debug)]
enum Origin {
    /// It has one of that name.
    Named(String),
    /// It was given it, or has made it.
    Held(Rc<HeldGrant>),
}

impl Capability {
    /// The capability of that name.
    pub fn new(name: String, vm: &VirtualMachine) -> PyResult<Self> {
        crate::held_back::give_up("it asks for a capability");
        let capability = Self { origin: Origin::Named(name), session: OnceCell::new() };
        if link::in_microprocess() {
            capability.session(vm)?;
        }
        Ok(capability)
    }

    /// One that a message names, and that this process has been given with it.
    pub fn received(reference: CapabilityRef) -> Self {
        Self { origin: Origin::Held(HeldGrant::received(reference)), session: OnceCell::new() }
    }

    /// One that has been described.
    pub fn of(session: Rc<Session>) -> Self {
        Self { origin: Origin::Held(session.held.clone()), session: session.into() }
    }

    /// Its name in `cloison.toml`, as far as that is known.
    pub fn name(&self) -> &str {
        match (&self.origin, self.session.get()) {
            (Origin::Named(name), _) => name,
            (Origin::Held(_), Some(session)) => &session.description.name,
            (Origin::Held(_), None) => "",
        }
    }

    /// As the broker is told which one is meant.
    pub fn meant(&self) -> CapabilityName {
        match &self.origin {
            Origin::Named(name) => CapabilityName::Named(name.clone()),
            Origin::Held(held) => CapabilityName::Referred(held.reference()),
        }
    }

    /// The grant, which a capability with a name asks for when that is first needed.
    pub fn reference(&self, vm: &VirtualMachine) -> PyResult<CapabilityRef> {
        match &self.origin {
            Origin::Named(_) => Ok(self.session(vm)?.held.reference()),
            Origin::Held(held) => Ok(held.reference()),
        }
    }

    /// Its description, if it has been asked for.
    fn known(&self) -> Option<&Rc<Session>> {
        self.session.get().map(Session::current)
    }

    /// The grant, as far as it is known.
    fn known_reference(&self) -> Option<CapabilityRef> {
        match (&self.origin, self.session.get()) {
            (Origin::Held(held), _) => Some(held.reference()),
            (Origin::Named(_), session) => session.map(|session| session.held.reference()),
        }
    }

    /// Its description, asked for when first needed.
    pub fn session(&self, vm: &VirtualMachine) -> PyResult<Rc<Session>> {
        if let Some(session) = self.session.get() {
            return Ok(session.current().clone());
        }
        let session = match &self.origin {
            Origin::Named(name) => shared_session(name, vm)?,
            Origin::Held(held) => match held.session() {
                Some(session) => session,
                None => Session::describe(CapabilityName::Referred(held.reference()), vm)?,
            },
        };
        Ok(self.session.get_or_init(|| session).current().clone())
    }

    /// The AttributeError for a name that is none of its functions, with what may have been meant.
    pub fn no_function(&self, name: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        if self.known().is_some_and(|session| session.description.classes.has(name)) {
            return vm.new_attribute_error(format!(
                "'{name}' of capability '{}' is no function: look it up in a function, since while modules are imported \
                 nothing but names is known",
                self.name()
            ));
        }
        let hint =
            self.known().and_then(|session| nearest(session, name)).map(|near| format!(". Did you mean: '{near}'?"));
        vm.new_attribute_error(format!(
            "capability '{}' has no function '{name}'{}",
            self.name(),
            hint.unwrap_or_default()
        ))
    }

    /// The names of the functions that may be called.
    fn granted(&self, vm: &VirtualMachine) -> PyResult<Vec<String>> {
        let session = self.session(vm)?;
        let functions = session.description.interface.functions.iter().enumerate();
        Ok(functions
            .filter(|(index, function)| {
                !function.internal && session.description.grant.functions.iter().any(|id| id.0 as usize == *index)
            })
            .map(|(_, function)| function.name.clone())
            .collect())
    }

    /// Whether a microprocess serves it, as far as that is known.
    fn is_service(&self) -> bool {
        self.session.get().is_some_and(|session| session.server.is_some())
    }

    fn offers(&self, name: &str) -> bool {
        match self.known() {
            Some(session) => {
                session.description.interface.function(name).is_some_and(|(_, function)| !function.internal)
            }
            None => !name.starts_with('_'),
        }
    }
}

/// Do what a function of `cloison._capabilities` does.
fn by_library(
    function: &'static str,
    capability: PyRef<Capability>,
    mut arguments: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult {
    let function = crate::package::cloison_module("_capabilities", vm)?.get_attr(function, vm)?;
    arguments.prepend_arg(capability.into());
    function.call(arguments, vm)
}

thread_local! {
    /// The capabilities that this microprocess has asked for. Empty in the template, which cannot ask.
    static SESSIONS: RefCell<BTreeMap<String, Rc<Session>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The session of that name: the same one for all objects that name it, as it has a channel, and a channel has memory.
fn shared_session(name: &str, vm: &VirtualMachine) -> PyResult<Rc<Session>> {
    if let Some(session) = SESSIONS.with_borrow(|sessions| sessions.get(name).cloned()) {
        return Ok(session);
    }
    let session = Session::describe(CapabilityName::Named(name.to_owned()), vm)?;
    SESSIONS.with_borrow_mut(|sessions| sessions.insert(name.to_owned(), session.clone()));
    Ok(session)
}

impl GetAttr for Capability {
    /// Functions become attributes of the object when they are first asked for, so that later they are found at once.
    fn getattro(zelf: &Py<Self>, name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult {
        if let Some(found) = zelf.as_object().generic_getattr_opt(name, None, vm)? {
            return Ok(found);
        }
        let text = name.to_string_lossy();
        if link::in_microprocess() && !text.starts_with("__") {
            zelf.session(vm)?;
        }
        let found: PyObjectRef = if zelf.is_service() && zelf.offers(&text) {
            let class = crate::package::cloison_module("_services", vm)?.get_attr("ServiceFunction", vm)?;
            class.call((zelf.to_owned(), name.to_owned()), vm)?
        } else if zelf.offers(&text) {
            match zelf.known() {
                Some(session) => Function::of(session.clone(), text.into_owned()),
                None => Function::new(zelf.to_owned(), text.into_owned()),
            }
            .into_ref(&vm.ctx)
            .into()
        } else {
            let known = zelf.known().map(|session| &session.description.classes);
            let found = known.map(|classes| classes.attribute(&text, vm)).transpose()?.flatten();
            found.ok_or_else(|| zelf.no_function(&text, vm))?
        };
        // In a template a name may turn out to be anything. What is a service's names the capability, which goes when nothing else does. Constants
        // and classes are others when the zone was replaced; a function follows.
        let lasts = zelf.session.get().is_some() && !zelf.is_service() && found.downcastable::<Function>();
        if let (Some(dict), true) = (zelf.as_object().dict(), lasts) {
            dict.set_item(name, found.clone(), vm)?;
        }
        Ok(found)
    }
}

impl Representable for Capability {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let Origin::Held(held) = &zelf.origin else { return Ok(format!("<capability '{}'>", zelf.name())) };
        let number = held.reference().number;
        Ok(match zelf.session(vm) {
            Ok(_) => format!("<capability '{}' #{number}>", zelf.name()),
            Err(_) => format!("<capability #{number}, which this process cannot use>"),
        })
    }
}

impl Comparable for Capability {
    /// Two objects are the same capability if they name the same grant.
    fn cmp(zelf: &Py<Self>, other: &PyObject, op: PyComparisonOp, _vm: &VirtualMachine) -> PyResult<PyComparisonValue> {
        op.eq_only(|| match other.downcast_ref::<Self>() {
            Some(other) => {
                let same = zelf.known_reference().is_some() && zelf.known_reference() == other.known_reference();
                Ok((same || std::ptr::eq(zelf.as_object(), other.as_object())).into())
            }
            None => Ok(PyComparisonValue::NotImplemented),
        })
    }
}

impl Hashable for Capability {
    /// Of the number, which no two grants share: the token must not show in it.
    fn hash(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyHash> {
        Ok(zelf.reference(vm)?.number as PyHash & PyHash::MAX)
    }
}

#[rustpython_vm::pyclass(
    with(GetAttr, Representable, Comparable, Hashable),
    flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION, HAS_DICT)
)]
impl Capability {
    #[pygetset]
    fn __doc__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let session = zelf.session(vm)?;
        let interface = &session.description.interface;
        if let Some(server) = session.server {
            let mut functions = String::new();
            for name in zelf.granted(vm)? {
                let parameters = interface.function(&name).map(|(_, function)| offered::parameters(function));
                functions += &format!("\n    {name}({})", parameters.unwrap_or_default().join(", "));
            }
            return Ok(format!("{}, a service of process {}{functions}", interface.name, server.number));
        }
        let mut text = format!("{} {} ({})", interface.name, interface.version, interface.source);
        if let Some(doc) = &interface.doc {
            text.push_str("\n\n");
            text.push_str(doc);
        }
        // What `help` shows of an object is its text alone.
        for name in zelf.granted(vm)? {
            let id = interface.function(&name).map(|(id, _)| id.0);
            if let Some(plan) = id.and_then(|id| Plan::new(interface, &session.description.grant, id)) {
                text.push('\n');
                plan.doc.lines().for_each(|line| text.push_str(format!("\n    {line}").trim_end_matches(' ')));
            }
        }
        Ok(text)
    }

    /// Calls that are noted, and made together in one crossing.
    #[pymethod]
    fn batch(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult<PyRef<Batch>> {
        Ok(Batch::new(zelf, vm)?.into_ref(&vm.ctx))
    }

    /// Another capability, that allows less.
    #[pymethod]
    fn narrow(zelf: PyRef<Self>, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
        by_library("narrow", zelf, arguments, vm)
    }

    /// Take it back, from all who hold it, with everything that was narrowed from it.
    #[pymethod]
    fn revoke(zelf: PyRef<Self>, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
        by_library("revoke", zelf, arguments, vm)
    }

    /// What it allows.
    #[pymethod]
    fn describe(zelf: PyRef<Self>, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
        by_library("describe", zelf, arguments, vm)
    }

    /// Lend it to a process: `with zlib.lend(process, calls=100) as lease:`.
    #[pymethod]
    fn lend(zelf: PyRef<Self>, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
        by_library("lend", zelf, arguments, vm)
    }

    #[pymethod]
    fn __dir__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        let functions = zelf.granted(vm)?;
        let session = zelf.session(vm)?;
        let interface = &session.description.interface;
        let others = interface.types.iter().map(|definition| &definition.name);
        let others = others.chain(interface.exceptions.iter().map(|exception| &exception.name));
        let others = others.chain(interface.constants.iter().map(|(name, _)| name));
        let names = functions.into_iter().chain(others.cloned());
        Ok(names.map(|name| vm.ctx.new_str(name).into()).collect())
    }

    #[pymethod]
    fn __reduce__(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Err(vm.new_type_error("a capability cannot be copied or pickled: it is sent in a message, or narrowed"))
    }

    #[pymethod]
    fn __reduce_ex__(zelf: &Py<Self>, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Self::__reduce__(zelf, vm)
    }
}

/// `cloison.capability(name)`
pub fn capability(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<PyRef<Capability>> {
    Ok(Capability::new(name.as_str().to_owned(), vm)?.into_ref(&vm.ctx))
}

fn nearest<'a>(session: &'a Session, name: &str) -> Option<&'a str> {
    let interface = &session.description.interface;
    let names = interface.functions.iter().filter(|function| !function.internal).map(|function| &function.name);
    let names = names.chain(interface.types.iter().map(|definition| &definition.name));
    let names = names.chain(interface.exceptions.iter().map(|exception| &exception.name));
    names
        .chain(interface.constants.iter().map(|(name, _)| name))
        .map(|near| (distance(near, name), near.as_str()))
        .filter(|(distance, near)| *distance <= near.len().max(name.len()) / 3)
        .min()
        .map(|(_, near)| near)
}

/// How many letters have to be changed, added or dropped.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, &against) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != against);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("crc32", "crc32"), 0);
        assert_eq!(distance("crc32", "crc23"), 2);
        assert_eq!(distance("compress2", "compres2"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
