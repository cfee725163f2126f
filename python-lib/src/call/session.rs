//! A capability in use: what marshalling, calls and objects share. What is done with it stands in the modules that do it.

use crate::call::callback::Callables;
use crate::call::connection::{self, ZoneConnection};
use crate::errors;
use crate::link;
use crate::objects::description::Description;
use crate::objects::held::HeldGrant;
use crate::objects::home::{Home, ObjectRequests};
use cloison_calls::Nesting;
use cloison_contract::message::{CapabilityName, FromMicroprocess, ToMicroprocess};
use cloison_contract::offered::OfferedFunction;
use cloison_contract::process::ProcessRef;
use cloison_contract::{Grant, Interface};
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{PyResult, VirtualMachine};
use std::cell::{Cell, OnceCell};
use std::fmt;
use std::rc::{Rc, Weak};

/// A described capability. All its functions share the channel.
pub struct Session {
    /// The grant.
    pub held: Rc<HeldGrant>,
    /// What may be called, and what it is called.
    pub description: Description,
    /// The microprocess that serves it; nobody if it has a zone.
    pub server: Option<ProcessRef>,
    /// The broker wants to hear where its functions are used.
    pub recorded: bool,
    /// The channel, and the objects of the zone that Python holds.
    pub home: Rc<Home>,
    /// The callables that run, and what of the arena is taken.
    pub nesting: Nesting,
    /// What the library may call.
    pub callables: Rc<Callables>,
    /// The number of the interface, which is another one once the zone was replaced.
    pub edition: u64,
    /// The same capability by the interface that has come in this one's place.
    successor: OnceCell<Rc<Self>>,
    /// A call was not made because the zone was replaced, and can be made once more.
    again: Cell<bool>,
}

/// Where a capability comes from.
#[derive(Debug)]
pub struct Provenance {
    /// The line of `cloison.toml`, or who serves it.
    pub location: String,
    /// The microprocess that serves it; nobody if it has a zone.
    pub server: Option<ProcessRef>,
    /// The number of the interface.
    pub edition: u64,
    /// The broker wants to hear where its functions are used.
    pub recorded: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("name", &self.description.name).finish_non_exhaustive()
    }
}

impl Session {
    /// Ask the broker what the capability offers.
    pub fn describe(meant: CapabilityName, vm: &VirtualMachine) -> PyResult<Rc<Self>> {
        let name = match &meant {
            CapabilityName::Named(name) => name.clone(),
            CapabilityName::Referred(_) => String::new(),
        };
        if !link::in_microprocess() {
            crate::held_back::give_up("it uses a capability");
            return Err(errors::new(
                "CapabilityDenied",
                &format!(
                    "capability {name:?} cannot be used while modules are imported: a template holds no capabilities"
                ),
                &[("capability", name.to_pyobject(vm))],
                vm,
            ));
        }
        match connection::ask(&FromMicroprocess::Describe { capability: meant }, vm)? {
            (
                ToMicroprocess::Described { capability, name, interface, edition, grant, allow_location, recorded },
                _,
            ) => {
                let held = HeldGrant::named(capability);
                let from = Provenance { location: allow_location, server: None, edition, recorded };
                Ok(Self::new(&name, Rc::new(*interface), grant, from, held))
            }
            (ToMicroprocess::DescribedService { capability, name, functions, grant, server }, _) => {
                let held = HeldGrant::named(capability);
                Ok(Self::of_service(&name, &functions, grant, server, held))
            }
            (answer, _) => Err(connection::no_capability(&name, answer, vm)),
        }
    }

    /// One of a service, which that process serves.
    pub fn of_service(
        name: &str,
        functions: &[OfferedFunction],
        grant: Grant,
        server: ProcessRef,
        held: Rc<HeldGrant>,
    ) -> Rc<Self> {
        let interface = Rc::new(Interface::of_service(name, functions));
        let location = format!("process {}", server.number);
        let from = Provenance { location, server: Some(server), edition: 0, recorded: false };
        Self::new(name, interface, grant, from, held)
    }

    /// One that has been described so.
    pub fn new(name: &str, interface: Rc<Interface>, grant: Grant, from: Provenance, held: Rc<HeldGrant>) -> Rc<Self> {
        let Provenance { location, server, edition, recorded } = from;
        let name: Rc<str> = name.into();
        // Where another interface has come in the place of one, what they have in common keeps its Python classes.
        let before = held.session().map(|session| session.description.classes.clone());
        let session = Rc::new_cyclic(|this: &Weak<Self>| {
            let zone: Weak<dyn ObjectRequests> = this.clone();
            Self {
                held: held.clone(),
                home: Rc::new(Home::new(name.clone(), interface.clone(), zone)),
                description: Description::new(name, interface, grant, location, before),
                edition,
                successor: OnceCell::new(),
                again: Cell::new(false),
                server,
                recorded,
                nesting: Nesting::default(),
                callables: Rc::default(),
            }
        });
        held.use_session(&session);
        session
    }

    /// The capability by the interface that its zone has now, as far as this process has heard.
    #[inline]
    pub fn current(self: &Rc<Self>) -> &Rc<Self> {
        let mut current = self;
        while let Some(successor) = current.successor.get() {
            current = successor;
        }
        current
    }

    /// Whether another interface has come in the place of this one.
    #[inline]
    pub fn is_outdated(&self) -> bool {
        self.successor.get().is_some()
    }

    /// The broker says that the zone has another interface by now: ask for that.
    #[cold]
    pub fn renew(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.is_outdated() {
            return Ok(());
        }
        let new = Self::describe(CapabilityName::Referred(self.held.reference()), vm)?;
        let _ = self.successor.set(new);
        Ok(())
    }

    /// A call was not made, and may be made once more.
    pub fn may_call_again(&self) {
        self.again.set(true);
    }

    /// Whether the call that has just failed was not made, and is to be made once more.
    #[inline]
    pub fn takes_again(&self) -> bool {
        self.again.take()
    }

    /// The way to the zone.
    #[inline]
    pub fn connection(&self) -> &ZoneConnection {
        &self.home.connection
    }
}
