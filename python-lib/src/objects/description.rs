//! What the broker said of a capability.

use crate::errors::raise::Granted;
use crate::objects::classes::Classes;
use cloison_contract::{Grant, Interface};
use std::rc::Rc;
use std::time::Duration;

/// A capability, as it was described. It never changes.
#[derive(Debug)]
pub struct Description {
    /// Its name in `cloison.toml`.
    pub name: Rc<str>,
    /// What its zone offers.
    pub interface: Rc<Interface>,
    /// What of it may be used.
    pub grant: Grant,
    /// Where that is written.
    pub location: String,
    /// The Python classes of its types.
    pub classes: Rc<Classes>,
}

/// What a call has met, as the broker says.
#[derive(Debug)]
pub struct MetLimit {
    /// Who has narrowed the capability so, if it was not `cloison.toml`.
    pub by: Option<String>,
    /// The number of what has come of that.
    pub number: u64,
    /// The line that says so.
    pub location: String,
}

impl Description {
    /// Of that name; `before` are the classes of the interface in whose place this one has come.
    pub fn new(
        name: Rc<str>,
        interface: Rc<Interface>,
        grant: Grant,
        location: String,
        before: Option<Rc<Classes>>,
    ) -> Self {
        let classes = Rc::new(Classes::new(interface.clone(), before));
        Self { name, classes, interface, grant, location }
    }

    /// The names that errors are told with; `limit` is the one in question, as far as it is known.
    pub fn granted<'a>(&'a self, limit: Option<&'a MetLimit>) -> Granted<'a> {
        let narrowed = limit.and_then(|limit| Some((limit.by.as_deref()?, limit.number)));
        Granted { capability: &self.name, location: limit.map_or(&self.location, |limit| &limit.location), narrowed }
    }

    /// How long a call of that function may take, as the broker sees it.
    pub fn deadline(&self, function: &str) -> Option<Duration> {
        let (id, _) = self.interface.function(function)?;
        Some(self.interface.deadline(id.0))
    }
}
