//! A capability in use: what marshalling, calls and objects share. What is done with it stands in the modules that do it.

use crate::call::callback::Callables;
use crate::call::connection::{self, Connection};
use crate::call::nesting::Nesting;
use crate::errors;
use crate::link;
use crate::objects::description::Description;
use crate::objects::home::{Home, ObjectRequests};
use cloison_contract::message::{FromMicroprocess, ToMicroprocess};
use cloison_contract::{Grant, Interface};
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{PyResult, VirtualMachine};
use std::fmt;
use std::rc::{Rc, Weak};

/// A described capability. All its functions share the channel.
pub struct Session {
    /// What may be called, and what it is called.
    pub description: Description,
    /// The channel, and the objects of the zone that Python holds.
    pub home: Rc<Home>,
    /// The callables that run, and what of the arena is taken.
    pub nesting: Nesting,
    /// What the library may call.
    pub callables: Rc<Callables>,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("name", &self.description.name).finish_non_exhaustive()
    }
}

impl Session {
    /// Ask the broker what the capability offers.
    pub fn describe(name: &str, vm: &VirtualMachine) -> PyResult<Rc<Self>> {
        if !link::in_microprocess() {
            crate::program::give_up("it uses a capability");
            return Err(errors::new(
                "CapabilityDenied",
                &format!(
                    "capability {name:?} cannot be used while modules are imported: a template holds no capabilities"
                ),
                &[("capability", name.to_pyobject(vm))],
                vm,
            ));
        }
        match connection::ask(&FromMicroprocess::Describe { capability: name.to_owned() }, vm)? {
            (ToMicroprocess::Described { interface, grant, allow_location }, _) => {
                Ok(Self::new(name, *interface, grant, allow_location))
            }
            (answer, _) => Err(connection::no_capability(name, answer, vm)),
        }
    }

    /// One that has been described so.
    pub fn new(name: &str, interface: Interface, grant: Grant, location: String) -> Rc<Self> {
        let (name, interface): (Rc<str>, _) = (name.into(), Rc::new(interface));
        Rc::new_cyclic(|this: &Weak<Self>| {
            let zone: Weak<dyn ObjectRequests> = this.clone();
            Self {
                home: Rc::new(Home::new(name.clone(), interface.clone(), zone)),
                description: Description::new(name, interface, grant, location),
                nesting: Nesting::default(),
                callables: Rc::default(),
            }
        })
    }

    /// The way to the zone.
    #[inline]
    pub fn connection(&self) -> &Connection {
        &self.home.connection
    }
}
