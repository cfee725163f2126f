//! The class `Capability`: what `cloison.toml` granted, its functions as attributes.
//!
//! In a template a capability is a name only, so that `zlib = cloison.capability("zlib")` may stand at the top of a
//! module; each microprocess asks for itself what it may do. In a microprocess it is described at once, and denied at once.

use crate::batch::Batch;
use crate::call::function::Function;
use crate::call::session::Session;
use crate::link;
use crate::marshal::plan::Plan;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr, PyUtf8StrRef};
use rustpython_vm::types::{GetAttr, Representable};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A capability. It can only be got from `cloison.capability()`.
#[rustpython_vm::pyclass(module = "cloison", name = "Capability")]
#[derive(Debug, PyPayload)]
pub struct Capability {
    name: String,
    session: OnceCell<Rc<Session>>,
}

impl Capability {
    /// The capability of that name.
    pub fn new(name: String, vm: &VirtualMachine) -> PyResult<Self> {
        crate::program::give_up("it asks for a capability");
        let capability = Self { name, session: OnceCell::new() };
        if link::in_microprocess() {
            capability.session(vm)?;
        }
        Ok(capability)
    }

    /// Its name in `cloison.toml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its description, asked for when first needed.
    pub fn session(&self, vm: &VirtualMachine) -> PyResult<Rc<Session>> {
        if let Some(session) = self.session.get() {
            return Ok(session.clone());
        }
        let session = shared_session(&self.name, vm)?;
        Ok(self.session.get_or_init(|| session).clone())
    }

    /// The AttributeError for a name that is none of its functions, with what may have been meant.
    pub fn no_function(&self, name: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        if self.session.get().is_some_and(|session| session.description.classes.has(name)) {
            return vm.new_attribute_error(format!(
                "'{name}' of capability '{}' is no function: look it up in a function, since while modules are imported \
                 nothing but names is known",
                self.name
            ));
        }
        let hint = self
            .session
            .get()
            .and_then(|session| nearest(session, name))
            .map(|near| format!(". Did you mean: '{near}'?"));
        vm.new_attribute_error(format!(
            "capability '{}' has no function '{name}'{}",
            self.name,
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

    fn offers(&self, name: &str) -> bool {
        match self.session.get() {
            Some(session) => {
                session.description.interface.function(name).is_some_and(|(_, function)| !function.internal)
            }
            None => !name.starts_with('_'),
        }
    }
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
    let session = Session::describe(name, vm)?;
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
        let found: PyObjectRef = if zelf.offers(&text) {
            Function::new(zelf.to_owned(), text.into_owned()).into_ref(&vm.ctx).into()
        } else {
            let known = zelf.session.get().map(|session| &session.description.classes);
            let found = known.map(|classes| classes.attribute(&text, vm)).transpose()?.flatten();
            found.ok_or_else(|| zelf.no_function(&text, vm))?
        };
        // In a template a name may turn out to be anything.
        if let (Some(dict), true) = (zelf.as_object().dict(), zelf.session.get().is_some()) {
            dict.set_item(name, found.clone(), vm)?;
        }
        Ok(found)
    }
}

impl Representable for Capability {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        Ok(format!("<capability '{}'>", zelf.name))
    }
}

#[rustpython_vm::pyclass(with(GetAttr, Representable), flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION, HAS_DICT))]
impl Capability {
    #[pygetset]
    fn __doc__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let session = zelf.session(vm)?;
        let interface = &session.description.interface;
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
        Err(vm.new_type_error("a capability cannot be copied or pickled"))
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
