//! A reply's words → values: the objects that stay in the zone, for [`cloison_codec::decode`] which checks the words.

use crate::call::session::Session;
use crate::marshal::arguments::Extra;
use crate::marshal::value::{ZoneObject, ZoneValues};
use crate::memory;
use crate::objects::buffers::{RegisteredBuffer, View};
use crate::objects::handle::Core;
use crate::objects::home::Home;
use cloison_codec::{DecodeError, Decoder, Objects, Owner};
use cloison_contract::shape::{Lifetime, Slots};
use cloison_contract::types::TypeId;
use cloison_transport::Arena;
use std::cell::RefCell;
use std::rc::Rc;

/// What a reply has brought.
#[derive(Debug)]
pub struct Decoded {
    /// The values.
    pub values: Result<ZoneValues, DecodeError>,
    /// How far into the arena they reach.
    pub reached: u64,
    /// How many bytes of the arena may still be copied.
    pub left: u64,
    /// Handles that the call has made, and where they come from.
    pub made: Vec<(Lifetime, Rc<Core>)>,
}

/// Copy out and check the values of a reply or question, of which no more than `left` bytes may be copied.
#[inline]
pub fn take(
    session: &Session,
    arena: &Arena,
    extra: Option<&Extra>,
    left: u64,
    slots: &Slots,
    words: &[u64],
) -> Decoded {
    let objects = Made { home: &session.home, extra, made: RefCell::default() };
    let mut decoder = Decoder::new(&session.description.interface.types, arena, &objects);
    decoder.left.set(left);
    let values = decoder.values(slots, words);
    let (reached, left) = (decoder.reached, decoder.left.get());
    Decoded { values, reached, left, made: objects.made.into_inner() }
}

struct Made<'a> {
    home: &'a Rc<Home>,
    extra: Option<&'a Extra>,
    made: RefCell<Vec<(Lifetime, Rc<Core>)>>,
}

impl Made<'_> {
    /// The handle that was passed at that position.
    fn passed(&self, position: usize) -> Option<Rc<Core>> {
        let (_, core) = self.extra?.handles.iter().find(|(passed, _)| *passed == position)?;
        Some(core.clone())
    }
}

impl Objects for Made<'_> {
    type Object = ZoneObject;

    #[inline]
    fn free_bytes(&self) -> u64 {
        memory::free_bytes()
    }

    fn handle(&self, id: TypeId, word: u64, owner: Owner, made: Option<Lifetime>) -> ZoneObject {
        let core = self.home.adopt(id, word, owner.position.and_then(|position| self.passed(position)), owner.lent);
        self.made.borrow_mut().extend(made.map(|from| (from, core.clone())));
        ZoneObject::Handle(core)
    }

    fn registered(&self, block: u64, max_bytes: u64, lifetime: Lifetime) -> ZoneObject {
        let owner = match lifetime {
            Lifetime::Parameter(position) => self.passed(position),
            Lifetime::Return => None,
        };
        let owner = owner
            .or_else(|| self.made.borrow().iter().find(|(from, _)| *from == lifetime).map(|(_, core)| core.clone()));
        ZoneObject::Registered(Box::new(RegisteredBuffer::new(self.home, block, max_bytes, owner)))
    }

    fn view(&self, offset: u64, length: u64) -> ZoneObject {
        ZoneObject::View(Box::new(View::new(self.home, offset, length)))
    }
}
