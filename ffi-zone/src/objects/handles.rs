//! Objects of the library that clients hold: who holds which, and what ends with what.
//!
//! An object never leaves the zone. Its client has a **word**: the generation of a slot in its upper half, the slot's
//! index in its lower half. A slot gets a new generation when its object ends, so that no word ever means another
//! object; a slot whose generations are used up is not used again. Any other word is stale, and so is another client's:
//! nobody can find out what others hold.
//!
//! # Who ends an object
//!
//! | object | is freed | its word ends |
//! |---|---|---|
//! | owned | by its type's `free` function | when it is closed, its owner is, or its client is gone |
//! | borrowed | never by us | the same; and when the object itself is freed through another handle, or is about to be |
//! | consumed by a call | by that call | when the call has succeeded |
//!
//! Of a type whose library counts references (`refcounted`), each reference that the library gives away is an object of its own
//! here, at the same address, with a word and a `free` of its own. The others own the object as well. What a client has borrowed
//! through one of its references goes on with another one, and ends with its last.
//!
//! What the library keeps for an object is given back when the object has ended, which is not when a borrowed word ends: then
//! it goes on with another word for the object, or with its owner, or else stays until somebody has the object again.
//!
//! What another client's call uses when its owner leaves ends when nobody uses it any more ([`ZoneHandles::sweep`]), with all that
//! belongs to it.
//!
//! Children are freed before their owner, the youngest first. While a call uses an object it is **pinned**: nobody can close
//! it, nor anything that it would end with: what owns it, and the object that its owner, or the owner's owner, has borrowed.
//! `HandleTable::ends_with` says what ends with what, for the ends themselves and for the question whether they may be.
//!
//! An object is **ending** from its way out of the table, or from a call's taking it to consume it, until it has been freed:
//! the library may still lead to it, from a callable of its own or on another thread, but nobody gets a word for it any more.
//!
//! This is pure: what has to be done to the library is handed back as [`EndedObject`]s, in order, and the lock is held for none of it.

mod table;

use crate::marshal::refusal::Refusal;
use crate::objects::retained::Retained;
use crate::objects::retained::Setter;
use cloison_contract::call::Status;
use cloison_contract::message::ChannelId;
use cloison_contract::types::{Definition, TypeId, TypeKind};
use cloison_contract::{FunctionId, Interface};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use table::{HandleTable, Object};

/// The most things that the library may keep for one client at once, whatever their size.
const MAX_RETAINED: u32 = 1 << 16;

/// The pins of an object that a call is going to end.
const CONSUMED: u32 = u32::MAX;

/// Why a word is not what it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HandleError {
    /// It is not ours to free.
    #[error("is borrowed, so that it cannot be given away")]
    Borrowed,
    /// A call that has not ended uses it.
    #[error("is in use by a call that has not ended")]
    InUse,
    /// It is being freed: whoever got to know it now would have it when it is gone.
    #[error("is being freed")]
    Ending,
    /// It is closed, or never was.
    #[error("is closed")]
    Stale,
    /// As many as there may be.
    #[error("too many of them")]
    TooMany,
    /// It is of another type.
    #[error("is a handle of another type")]
    Wrong,
}

/// An object that has ended; what is left to do, in this order.
#[derive(Debug)]
pub struct EndedObject {
    /// Its type, whose `free` function it is.
    pub id: TypeId,
    /// To be called with `address`, and then [`ZoneHandles::freed`].
    pub free: Option<FunctionId>,
    /// Where the object is.
    pub address: u64,
    /// What the library kept for it.
    pub retained: Vec<Retained>,
}

/// An object that a client now holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Adopted {
    /// Its word.
    pub word: u64,
    /// The client did not hold it before.
    pub fresh: bool,
}

/// All objects of all clients.
pub struct ZoneHandles {
    /// By type.
    rules: Vec<Rule>,
    /// The most bytes that the library may keep for one client.
    retained_bytes: u64,
    /// Something that a client has left behind may be in use no more.
    due: AtomicBool,
    table: Mutex<HandleTable>,
}

struct Rule {
    /// The type's name, for texts.
    name: String,
    free: Option<FunctionId>,
    max_live: u32,
    refcounted: bool,
}

impl ZoneHandles {
    /// None yet.
    pub fn new(interface: &Interface) -> Self {
        let rule = |definition: &Definition| {
            let (free, max_live, refcounted) = match &definition.kind {
                TypeKind::Handle(handle) => (handle.free, handle.max_live, handle.refcounted),
                _ => (None, 0, false),
            };
            Rule { name: definition.name.clone(), free, max_live, refcounted }
        };
        let rules = interface.types.iter().map(rule).collect();
        let retained_bytes = interface.sandbox.call_bytes;
        Self { rules, retained_bytes, due: AtomicBool::new(false), table: Mutex::default() }
    }

    fn table(&self) -> MutexGuard<'_, HandleTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before there are any, in the process of a call: words and numbers of an earlier call mean nothing in a later one.
    ///
    /// Multiples of this constant (2³² over the golden ratio) are all different, and those of the latest million calls are
    /// more than a thousand apart: further than one call gets with a slot that it uses again, as a rule.
    pub fn begin_call(&self, number: u64) {
        let mut table = self.table();
        table.first = (number as u32).wrapping_mul(0x9e37_79b1);
        table.count = number << 32;
    }

    /// The function that ends an object of that type.
    pub fn free_function(&self, id: TypeId) -> Option<FunctionId> {
        self.rules.get(id.0 as usize)?.free
    }

    /// Whether each of them that the library gives away is a reference of its own.
    pub fn is_refcounted(&self, id: TypeId) -> bool {
        self.rules.get(id.0 as usize).is_some_and(|rule| rule.refcounted)
    }

    /// What a client is told that cannot have an object of that type.
    #[cold]
    pub fn refuse(&self, id: TypeId, error: HandleError) -> Box<Refusal> {
        let Some(Rule { name, max_live, .. }) = self.rules.get(id.0 as usize) else {
            return Refusal::new(Status::TooMany, "there is no such type");
        };
        match error {
            HandleError::TooMany => Refusal::new(
                Status::TooMany,
                format_args!(
                    "it would be one more {name} than the {max_live} that a client may hold (`max_live` in [types.{name}])"
                ),
            ),
            _ => Refusal::native(0, 0, format_args!("the library has given a {name} that {error}")),
        }
    }

    /// Whether the word stands for an object of the client's.
    pub fn is_held(&self, client: ChannelId, word: u64) -> bool {
        self.table().find(client, word).is_ok()
    }

    /// The object's address.
    pub fn resolve(&self, client: ChannelId, word: u64, id: TypeId) -> Result<u64, HandleError> {
        let mut table = self.table();
        let index = table.find_typed(client, word, id)?;
        Ok(table.object(index).map_or(0, |object| object.address))
    }

    /// The object's address; it cannot end until [`ZoneHandles::unpin`].
    pub fn pin(&self, client: ChannelId, word: u64, id: TypeId) -> Result<u64, HandleError> {
        let mut table = self.table();
        let index = table.find_typed(client, word, id)?;
        let object = table.object(index).ok_or(HandleError::Stale)?;
        // What a call is about to end is nobody else's, not even the same call's.
        object.pins = object.pins.checked_add(1).filter(|pins| *pins < CONSUMED).ok_or(HandleError::InUse)?;
        Ok(object.address)
    }

    /// A call that has pinned these has ended.
    pub fn unpin(&self, client: ChannelId, words: &[u64]) {
        let mut table = self.table();
        for word in words {
            let Ok(index) = table.find(client, *word) else { continue };
            if let Some(object) = table.object(index) {
                let (id, address, pins) = (object.id, object.address, object.pins);
                object.pins = if pins == CONSUMED { 0 } else { pins.saturating_sub(1) };
                if pins == CONSUMED {
                    table.over(id, address);
                }
            }
        }
        if !table.departed.is_empty() {
            self.due.store(true, Ordering::Relaxed);
        }
    }

    /// The client holds this object from now on. One that it holds already keeps its word, unless this is another reference to
    /// it.
    ///
    /// What is ending cannot be borrowed any more. Owned it can be: then it is another object at that address, or the library
    /// counts.
    pub fn adopt(
        &self,
        client: ChannelId,
        id: TypeId,
        address: u64,
        owner: Option<u64>,
        borrowed: bool,
    ) -> Result<Adopted, HandleError> {
        let mut table = self.table();
        let owner = owner.and_then(|word| table.find(client, word).ok());
        let another = !borrowed && self.is_refcounted(id);
        if let Some(index) = table.known(id, address, client).filter(|_| !another) {
            table.take_over(index, owner, borrowed);
            return Ok(Adopted { word: table.word(index), fresh: false });
        }
        if borrowed && table.is_ending(id, address) {
            return Err(HandleError::Ending);
        }
        let most = self.rules.get(id.0 as usize).map_or(0, |rule| rule.max_live);
        let live = table.live.entry((client, id)).or_default();
        if *live >= most {
            return Err(HandleError::TooMany);
        }
        *live += 1;
        let born = table.next();
        let retained = table.left_alone.remove(&(id, address)).unwrap_or_default();
        let children = BTreeMap::new();
        let reference = if another { born } else { 0 };
        let object =
            Object { client, id, address, borrowed, reference, born, owner: None, children, pins: 0, retained };
        let index = table.place(object);
        table.known.insert((id, address, client, reference), index);
        table.own(index, owner);
        Ok(Adopted { word: table.word(index), fresh: true })
    }

    /// The word by which the client holds this object, if it does.
    pub fn held(&self, client: ChannelId, id: TypeId, address: u64) -> Option<u64> {
        let table = self.table();
        table.known(id, address, client).map(|index| table.word(index))
    }

    /// A question is over in which the client was shown this object: its word ends, unless the object is the client's own
    /// by now.
    pub fn hide(&self, client: ChannelId, word: u64) -> Vec<EndedObject> {
        let mut table = self.table();
        let Ok(index) = table.find(client, word) else { return Vec::new() };
        let ends = table.ends_with(index);
        if table.object(index).is_none_or(|object| !object.borrowed) || table.any_pinned(&ends) {
            return Vec::new();
        }
        self.end(&mut table, &ends)
    }

    /// The same for all of these.
    pub fn hide_all(&self, client: ChannelId, words: &[u64]) -> Vec<EndedObject> {
        words.iter().flat_map(|word| self.hide(client, *word)).collect()
    }

    /// Whether [`ZoneHandles::hide_all`] has anything to free.
    pub fn hiding_frees(&self, client: ChannelId, words: &[u64]) -> bool {
        let mut table = self.table();
        words.iter().any(|word| {
            let ends = table.find(client, *word).map(|index| table.ends_with(index)).unwrap_or_default();
            let mut objects =
                ends.into_iter().filter_map(|index| Some((table.object(index)?.id, table.object(index)?.borrowed)));
            objects.any(|(id, borrowed)| !borrowed && self.free_function(id).is_some())
        })
    }

    /// Ends an object and all that it owns.
    pub fn close(&self, client: ChannelId, word: u64) -> Result<Vec<EndedObject>, HandleError> {
        let mut table = self.table();
        let index = table.find(client, word)?;
        let ends = table.ends_with(index);
        if table.any_pinned(&ends) {
            return Err(HandleError::InUse);
        }
        Ok(self.end(&mut table, &ends))
    }

    /// A call is going to end this object: it is pinned, with nothing else using it, until the call has succeeded
    /// ([`ZoneHandles::forget`]) or failed ([`ZoneHandles::unpin`]).
    pub fn consume(&self, client: ChannelId, word: u64, id: TypeId) -> Result<u64, HandleError> {
        let mut table = self.table();
        let index = table.find_typed(client, word, id)?;
        let ends = table.ends_with(index);
        if table.any_pinned(&ends) {
            return Err(HandleError::InUse);
        }
        let object = table.object(index).ok_or(HandleError::Stale)?;
        if object.borrowed {
            return Err(HandleError::Borrowed);
        }
        object.pins = CONSUMED;
        let address = object.address;
        table.begin_to_end(id, address);
        Ok(address)
    }

    /// What would end with an object ends, and the object stays: the next thing that happens is the call that consumes it.
    pub fn strip(&self, client: ChannelId, word: u64) -> Result<Vec<EndedObject>, HandleError> {
        let mut table = self.table();
        let index = table.find(client, word)?;
        let mut ends = table.ends_with(index);
        ends.retain(|one| *one != index);
        if table.any_pinned(&ends) {
            return Err(HandleError::InUse);
        }
        Ok(self.end(&mut table, &ends))
    }

    /// The library has ended this object itself. Nothing is left to be freed, only to be given back.
    pub fn forget(&self, client: ChannelId, word: u64) -> Vec<EndedObject> {
        let mut table = self.table();
        let Ok(index) = table.find(client, word) else { return Vec::new() };
        let ends = table.ends_with(index);
        let mut ended = self.end(&mut table, &ends);
        // What a callback has made meanwhile, and belonged to it, has ended with it.
        for one in &mut ended {
            if one.free.take().is_some() {
                table.over(one.id, one.address);
            }
        }
        ended
    }

    /// The `free` function of an object that has ended has run.
    pub fn freed(&self, ended: &EndedObject) {
        self.table().over(ended.id, ended.address);
    }

    /// Ends everything that a client holds.
    ///
    /// What another client's call uses at this moment, by a word that it has borrowed, is not freed under its feet: that
    /// object and what belongs to it stay until [`ZoneHandles::sweep`].
    pub fn close_all(&self, client: ChannelId) -> Vec<EndedObject> {
        self.end_all(&mut self.table(), client)
    }

    /// Whether [`ZoneHandles::sweep`] may have anything to end. To be asked when a call has ended.
    #[inline]
    pub fn is_sweep_due(&self) -> bool {
        self.due.load(Ordering::Relaxed)
    }

    /// Ends what clients that have left could not take along, and nobody uses any more.
    pub fn sweep(&self) -> Vec<EndedObject> {
        let mut table = self.table();
        self.due.store(false, Ordering::Relaxed);
        let departed = std::mem::take(&mut table.departed);
        departed.into_iter().flat_map(|client| self.end_all(&mut table, client)).collect()
    }

    fn end_all(&self, table: &mut HandleTable, client: ChannelId) -> Vec<EndedObject> {
        let objects = table.slots.iter().zip(0_u32..).filter_map(|(slot, index)| Some((slot.object.as_ref()?, index)));
        let roots = objects.filter(|(object, _)| object.client == client && object.owner.is_none());
        let mut roots: Vec<_> = roots.map(|(object, index)| (object.born, index)).collect();
        roots.sort_unstable_by(|one, other| other.cmp(one));
        let mut ended = Vec::new();
        for (_, root) in roots {
            // An earlier one may have taken it along.
            if table.object(root).is_some_and(|object| object.client == client) {
                let ends = table.ends_with(root);
                if table.pinned_by_others(&ends, client) {
                    table.departed.insert(client);
                } else {
                    ended.extend(self.end(table, &ends));
                }
            }
        }
        ended
    }

    /// Whether the library may keep that much more for a client.
    pub fn may_retain(&self, client: ChannelId, bytes: u64) -> bool {
        let (count, kept) = self.table().kept.get(&client).copied().unwrap_or_default();
        count < MAX_RETAINED && kept.saturating_add(bytes) <= self.retained_bytes
    }

    /// A number for a block that the library writes.
    pub fn number(&self) -> u64 {
        self.table().next()
    }

    /// The library keeps this for as long as the object lives. Given back if there is no such object.
    pub fn retain(&self, client: ChannelId, word: u64, retained: Retained) -> Result<(), Retained> {
        let mut table = self.table();
        let Ok(index) = table.find(client, word) else { return Err(retained) };
        let kept = table.kept.entry(client).or_default();
        (kept.0, kept.1) = (kept.0.saturating_add(1), kept.1.saturating_add(retained.bytes()));
        if let Retained::Buffer(number, _) = &retained {
            table.blocks.insert(*number, index);
        }
        if let Some(object) = table.object(index) {
            object.retained.push((client, retained));
        }
        Ok(())
    }

    /// What `setter` had the library keep for this object before, on that client's account: it is kept no more.
    pub fn replace(&self, client: ChannelId, word: u64, setter: Setter) -> Vec<Retained> {
        let mut table = self.table();
        let Ok(index) = table.find(client, word) else { return Vec::new() };
        let Some(object) = table.object(index) else { return Vec::new() };
        let replaced = |(whose, retained): &mut (ChannelId, Retained)| {
            *whose == client && matches!(retained, Retained::Replaceable(_, by) if *by == setter)
        };
        let old: Vec<_> = object.retained.extract_if(.., replaced).map(|(_, retained)| retained).collect();
        if let Some(kept) = table.kept.get_mut(&client) {
            kept.0 = kept.0.saturating_sub(old.len() as u32);
            if kept.0 == 0 {
                table.kept.remove(&client);
            }
        }
        old
    }

    /// The block of that number, if the client has it.
    pub fn block(&self, client: ChannelId, number: u64) -> Option<std::sync::Arc<crate::native::block::Block>> {
        let mut table = self.table();
        let index = *table.blocks.get(&number)?;
        let object = table.object(index).filter(|object| object.client == client)?;
        object.retained.iter().find_map(|(_, retained)| match retained {
            Retained::Buffer(own, block) if *own == number => Some(block.clone()),
            _ => None,
        })
    }

    /// Takes these objects out of the table, in this order: all that `HandleTable::ends_with` says.
    fn end(&self, table: &mut HandleTable, ends: &[u32]) -> Vec<EndedObject> {
        let mut ended = Vec::new();
        for index in ends {
            table.pass_on(*index);
            table.lend_on(*index, ends);
            let Some(object) = table.remove(*index) else { continue };
            let free = self.free_function(object.id).filter(|_| !object.borrowed);
            if free.is_some() {
                table.begin_to_end(object.id, object.address);
            }
            if free.is_some() || !object.retained.is_empty() {
                let retained = object.retained.into_iter().map(|(_, retained)| retained).collect();
                ended.push(EndedObject { id: object.id, free, address: object.address, retained });
            }
        }
        ended
    }
}

#[cfg(test)]
mod tests;
