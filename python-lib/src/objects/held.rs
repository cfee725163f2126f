//! Grants that this microprocess holds by having been given them, and when they go back.
//!
//! The broker counts how often a process was given a grant, and so does this. When nothing in this process names one any more, the count
//! is given back, and with it the grant's channel and, if nobody else holds it, the grant. That is said in front of the next question to the
//! broker, or before the process sleeps: an object can go at any moment, and a question may be under way then.

use crate::call::session::Session;
use crate::link;
use cloison_contract::message::CapabilityRef;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

/// A grant that this process holds, for as long as anything names it.
#[derive(Debug)]
pub struct HeldGrant {
    reference: CapabilityRef,
    times: Cell<u32>,
    session: RefCell<Weak<Session>>,
    /// The router has said that it is not alive any more.
    ended: Cell<bool>,
}

thread_local! {
    static HELD: RefCell<HashMap<CapabilityRef, Weak<HeldGrant>>> = RefCell::default();
}

impl HeldGrant {
    /// A grant that has just been given to this process once more: made by it, or named in a message.
    pub fn received(reference: CapabilityRef) -> Rc<Self> {
        let held = Self::named(reference);
        held.times.set(held.times.get().saturating_add(1));
        held
    }

    /// A grant that this process has by a name, and keeps.
    pub fn named(reference: CapabilityRef) -> Rc<Self> {
        HELD.with_borrow_mut(|held| {
            if let Some(known) = held.get(&reference).and_then(Weak::upgrade) {
                return known;
            }
            let new =
                Rc::new(Self { reference, times: Cell::new(0), session: RefCell::default(), ended: Cell::new(false) });
            held.insert(reference, Rc::downgrade(&new));
            new
        })
    }

    /// How the broker knows it.
    pub fn reference(&self) -> CapabilityRef {
        self.reference
    }

    /// Whether the router has said that it is not alive any more, which it says of services alone.
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// What it is used by, once it has been described.
    pub fn session(&self) -> Option<Rc<Session>> {
        self.session.borrow().upgrade()
    }

    /// It is used by that.
    pub fn use_session(&self, session: &Rc<Session>) {
        self.session.replace(Rc::downgrade(session));
    }
}

/// The router says that a grant is not alive any more. Nothing is noted of one that nothing here names.
pub fn note_end(capability: CapabilityRef) {
    let known = HELD.with_borrow(|held| held.get(&capability).and_then(Weak::upgrade));
    if let Some(known) = known {
        known.ended.set(true);
    }
}

impl Drop for HeldGrant {
    fn drop(&mut self) {
        // While the thread ends there may be no table any more, nor anybody to tell.
        let _ = HELD.try_with(|held| held.try_borrow_mut().map(|mut held| held.remove(&self.reference)));
        if self.times.get() > 0 {
            link::release_later(self.reference, self.times.get());
        }
    }
}
