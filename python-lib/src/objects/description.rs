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

    /// The names that errors are told with; `narrowed` is who has set the limit in question, and the number of what has come of that.
    pub fn granted<'a>(&'a self, narrowed: Option<(&'a str, u64)>) -> Granted<'a> {
        Granted { capability: &self.name, location: &self.location, narrowed }
    }

    /// How long a call of that function may take, as the broker sees it.
    pub fn deadline(&self, function: &str) -> Option<Duration> {
        let (id, _) = self.interface.function(function)?;
        Some(self.interface.deadline(id.0))
    }
}
