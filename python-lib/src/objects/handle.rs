//! Handles: objects of the zone that Python holds by a word.
//!
//! What Python holds is an object of a class derived from [`Handle`], one class for each type. All objects for one word
//! share a [`Core`]; when the last of them goes, the object is to be closed. Dropping runs in the middle of anything, also of
//! a call on the same channel, so it only notes the word; the note is worked off before the next call.
//!
//! A core keeps the core of its owner: the owner is closed after what it owns. A word means something to one channel only,
//! and a channel that has ended takes its handles with it: they are stale.

use crate::call::callback::Registration;
use crate::call::connection::ByLink;
use crate::errors::place::ArgumentPlace;
use crate::errors::{self, ends};
use crate::objects::home::Home;
use cloison_contract::types::{TypeId, TypeKind};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyStrRef, PyType};
use rustpython_vm::common::hash::PyHash;
use rustpython_vm::function::{FuncArgs, PyComparisonValue};
use rustpython_vm::types::{Comparable, Constructor, Hashable, PyComparisonOp, Representable};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::{Rc, Weak};

/// So many dropped handles are closed inside a call, before a callable answers; fewer wait for its end.
pub const MANY_DROPPED: usize = 64;

/// An object of the zone, as the client knows it.
pub struct Core {
    home: Rc<Home>,
    id: TypeId,
    word: u64,
    epoch: u64,
    closed: Cell<bool>,
    owner: Option<Rc<Core>>,
    /// It is not ours to end, and may end by what others do: another client, the last of several references.
    lent: bool,
    /// It may outlive its owner, which is one of several references: when it ends the zone knows.
    outlives: bool,
    kept: RefCell<Vec<Registration>>,
}

impl fmt::Debug for Core {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Core").field("id", &self.id).field("word", &self.word).finish_non_exhaustive()
    }
}

impl Core {
    /// Its type.
    pub fn id(&self) -> TypeId {
        self.id
    }

    /// What the zone calls it.
    pub fn word(&self) -> u64 {
        self.word
    }

    /// Whether its object is known to be gone.
    pub fn is_closed(&self) -> bool {
        self.closed.get()
            || self.epoch != self.home.connection.epoch()
            || self.owner.as_ref().is_some_and(|it| !self.outlives && it.is_closed())
    }

    /// The object is gone, or about to be: the zone is told otherwise.
    pub fn forget(&self) -> Vec<Registration> {
        self.closed.set(true);
        self.kept.take()
    }

    /// Keep a callable as long as the object.
    pub fn keep(&self, registration: Registration) {
        self.kept.borrow_mut().push(registration);
    }

    /// Whether its object is gone, also if nobody has noticed yet that the zone is.
    fn is_gone(&self) -> bool {
        self.is_closed() || !self.home.connection.is_live()
    }

    /// The same, and where only the zone knows it is asked.
    fn is_ended(&self, vm: &VirtualMachine) -> PyResult<bool> {
        Ok(self.is_gone() || (self.is_in_doubt() && !self.home.zone(vm)?.has_object(self, vm)?))
    }

    /// Whether it may have ended without anything that happened here.
    fn is_in_doubt(&self) -> bool {
        self.lent || self.owner.as_ref().is_some_and(|owner| owner.is_in_doubt())
    }

    /// It was closed or consumed here, or what it ends with was.
    fn was_closed(&self) -> bool {
        self.closed.get() || self.owner.as_ref().is_some_and(|owner| !self.outlives && owner.was_closed())
    }

    /// What is the matter with one that is gone: the class of the error, and a clause.
    #[cold]
    fn state(&self, vm: &VirtualMachine) -> (&'static str, String) {
        if self.was_closed() {
            return ("StaleHandle", "is closed".to_owned());
        }
        let fate = ends::fate(self.home.connection.fate(self.epoch, &ByLink(vm)));
        let class = if self.home.connection.was_replaced(self.epoch) { "ZoneReplaced" } else { "StaleHandle" };
        (class, format!("is gone: {fate}"))
    }

    #[cold]
    fn stale(&self, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let (class, state) = self.state(vm);
        errors::new(class, &format!("this {} {state}", self.name()), &[], vm)
    }

    /// The object cannot be closed now.
    #[cold]
    pub fn in_use(&self, vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_value_error(format!("this {} is in use by a call that has not ended", self.name()))
    }

    fn name(&self) -> &str {
        self.home.interface.types.get(self.id.0 as usize).map_or("", |definition| &definition.name)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        let live = !self.is_closed();
        self.home.handles.dropped(self.word, self.epoch, live, self.kept.take());
    }
}

/// A handle that is to be closed.
#[derive(Debug)]
pub struct Dropped {
    /// Which.
    pub word: u64,
    /// Of which channel.
    pub epoch: u64,
    /// What the library may call until then.
    pub kept: Vec<Registration>,
}

/// The handles of a channel.
#[derive(Debug, Default)]
pub struct Handles {
    live: RefCell<BTreeMap<u64, Weak<Core>>>,
    dropped: RefCell<Vec<Dropped>>,
    /// How many are in `dropped`, to be looked at before each call.
    waiting: Cell<usize>,
}

impl Home {
    /// The core for a word that the zone has just said, belonging to that owner, and perhaps only lent.
    pub fn adopt(self: &Rc<Self>, id: TypeId, word: u64, owner: Option<Rc<Core>>, lent: bool) -> Rc<Core> {
        let epoch = self.connection.epoch();
        let handles = &self.handles;
        if let Some(core) = handles.live.borrow().get(&word).and_then(Weak::upgrade)
            && core.id == id
            && !core.is_closed()
        {
            return core;
        }
        let mut kept = Vec::new();
        if handles.waiting.get() > 0 {
            // It was dropped, and is here again before the zone was told.
            let mut dropped = handles.dropped.borrow_mut();
            if let Some(index) = dropped.iter().position(|one| one.word == word && one.epoch == epoch) {
                kept = dropped.swap_remove(index).kept;
                handles.waiting.set(dropped.len());
            }
        }
        let outlives = lent && owner.as_ref().is_some_and(|owner| self.is_refcounted(owner.id));
        let core = Rc::new(Core {
            home: self.clone(),
            id,
            word,
            epoch,
            closed: Cell::new(false),
            owner,
            lent,
            outlives,
            kept: RefCell::new(kept),
        });
        handles.live.borrow_mut().insert(word, Rc::downgrade(&core));
        core
    }

    fn is_refcounted(&self, id: TypeId) -> bool {
        let kind = self.interface.types.get(id.0 as usize).map(|definition| &definition.kind);
        matches!(kind, Some(TypeKind::Handle(handle)) if handle.refcounted)
    }
}

impl Handles {
    fn dropped(&self, word: u64, epoch: u64, live: bool, kept: Vec<Registration>) {
        if let Ok(mut cores) = self.live.try_borrow_mut()
            && cores.get(&word).is_some_and(|core| core.strong_count() == 0)
        {
            cores.remove(&word);
        }
        // Without memory for the note, the object lives as long as its zone does.
        if let (true, Ok(mut dropped)) = (live, self.dropped.try_borrow_mut())
            && dropped.try_reserve(1).is_ok()
        {
            dropped.push(Dropped { word, epoch, kept });
            self.waiting.set(dropped.len());
        }
    }

    /// One could not be closed yet.
    pub fn put_back(&self, one: Dropped) {
        let mut dropped = self.dropped.borrow_mut();
        dropped.push(one);
        self.waiting.set(dropped.len());
    }

    /// How many handles wait to be closed.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.waiting.get()
    }

    /// The handles that are to be closed now, in the order in which they were dropped.
    pub fn take_dropped(&self) -> Vec<Dropped> {
        self.waiting.set(0);
        self.dropped.take()
    }
}

/// The core of a handle of that type that was passed; `None` for `None`.
#[inline]
pub fn passed<'a>(
    home: &Rc<Home>,
    id: TypeId,
    null: bool,
    value: &'a PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<Option<&'a Rc<Core>>> {
    if let Some(handle) = value.downcast_ref::<Handle>()
        && handle.core.id == id
        && Rc::ptr_eq(&handle.core.home, home)
    {
        return match handle.core.is_gone() {
            false => Ok(Some(&handle.core)),
            true => Err(stale(&handle.core, place, vm)),
        };
    }
    if null && vm.is_none(value) {
        return Ok(None);
    }
    Err(wrong(home, id, value, place, vm))
}

#[cold]
fn stale(core: &Core, place: ArgumentPlace<'_>, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let (class, state) = core.state(vm);
    place.stale(class, &state, vm)
}

#[cold]
fn wrong(
    home: &Home,
    id: TypeId,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let name = home.interface.types.get(id.0 as usize).map_or("", |definition| &definition.name);
    // It may be of the interface in whose place this one has come.
    if let Some(handle) = value.downcast_ref::<Handle>()
        && handle.core.home.capability == home.capability
        && handle.core.name() == name
        && !handle.core.home.connection.is_live()
    {
        return stale(&handle.core, place, vm);
    }
    place.type_error(&format!("a {name} handle of capability '{}'", home.capability), value, vm)
}

/// An object of a library, which lives in its zone. Each handle type of a capability has a class derived from this one.
#[rustpython_vm::pyclass(module = "cloison", name = "Handle")]
#[derive(Debug, PyPayload)]
pub struct Handle {
    core: Rc<Core>,
}

impl Handle {
    /// One more object for it.
    pub fn new(core: Rc<Core>) -> Self {
        Self { core }
    }

    /// End the object without waiting for that, if it is still there.
    pub fn leave(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.core.is_gone() {
            return Ok(());
        }
        self.core.home.zone(vm)?.leave_object(&self.core, vm)
    }

    /// What it stands for.
    pub fn core(&self) -> &Rc<Core> {
        &self.core
    }
}

impl Constructor for Handle {
    type Args = FuncArgs;

    fn py_new(class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Err(vm.new_type_error(format!("{} objects are made by the library alone", class.name())))
    }
}

impl Representable for Handle {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        let closed = if zelf.core.is_gone() { "closed " } else { "" };
        Ok(format!("<{closed}{} handle of capability '{}'>", zelf.core.name(), zelf.core.home.capability))
    }
}

impl Comparable for Handle {
    fn cmp(zelf: &Py<Self>, other: &PyObject, op: PyComparisonOp, _vm: &VirtualMachine) -> PyResult<PyComparisonValue> {
        op.eq_only(|| match other.downcast_ref::<Self>() {
            Some(other) => Ok(Rc::ptr_eq(&zelf.core, &other.core).into()),
            None => Ok(PyComparisonValue::NotImplemented),
        })
    }
}

impl Hashable for Handle {
    fn hash(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<PyHash> {
        Ok((Rc::as_ptr(&zelf.core) as usize >> 4) as PyHash)
    }
}

#[rustpython_vm::pyclass(with(Constructor, Representable, Comparable, Hashable), flags(BASETYPE, IMMUTABLETYPE))]
impl Handle {
    /// Whether the object is gone.
    #[pygetset]
    fn closed(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
        zelf.core.is_ended(vm)
    }

    /// End the object. StaleHandle if it is gone already.
    #[pymethod]
    fn close(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.core.is_gone() {
            return Err(zelf.core.stale(vm));
        }
        if zelf.core.home.zone(vm)?.close_object(&zelf.core, vm)? {
            return Ok(());
        }
        Err(errors::new("StaleHandle", &format!("this {} went with its owner", zelf.core.name()), &[], vm))
    }

    #[pymethod]
    fn __enter__(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult<PyRef<Self>> {
        if zelf.core.is_ended(vm)? {
            return Err(zelf.core.stale(vm));
        }
        Ok(zelf)
    }

    #[pymethod]
    fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.core.is_gone() {
            return Ok(());
        }
        zelf.core.home.zone(vm)?.close_object(&zelf.core, vm).map(drop)
    }

    #[pymethod]
    fn __copy__(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Err(vm.new_type_error("a handle cannot be copied or pickled"))
    }

    #[pymethod]
    fn __deepcopy__(zelf: &Py<Self>, _memo: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Self::__copy__(zelf, vm)
    }

    #[pymethod]
    fn __reduce__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Self::__copy__(zelf, vm)
    }

    #[pymethod]
    fn __reduce_ex__(zelf: &Py<Self>, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Self::__copy__(zelf, vm)
    }

    #[pymethod]
    fn __format__(zelf: &Py<Self>, _spec: PyStrRef, vm: &VirtualMachine) -> PyResult<String> {
        Self::repr_str(zelf, vm)
    }
}
