//! The table itself: slots, and what leads to them.

use super::{CONSUMED, HandleError};
use crate::objects::retained::Retained;
use cloison_contract::message::ChannelId;
use cloison_contract::types::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

#[derive(Default)]
pub(super) struct HandleTable {
    pub(super) slots: Vec<HandleSlot>,
    /// Slots without an object that may be used again.
    pub(super) free: Vec<u32>,
    /// Type, address, client and reference of each object.
    pub(super) known: BTreeMap<Known, u32>,
    /// How many each client has of each type.
    pub(super) live: BTreeMap<(ChannelId, TypeId), u32>,
    /// Which object has the block of that number.
    pub(super) blocks: BTreeMap<u64, u32>,
    /// How many things, and how many bytes, are kept for each client.
    pub(super) kept: BTreeMap<ChannelId, (u32, u64)>,
    /// Objects and blocks are numbered in the order in which they came.
    pub(super) count: u64,
    /// The generation of a slot that is new; 0 is 1.
    pub(super) first: u32,
    /// Kept for objects, by type and address, that nobody has a word for and that have not ended. Whoever gets to know the
    /// object again has it with all that is kept for it.
    pub(super) left_alone: BTreeMap<(TypeId, u64), Vec<(ChannelId, Retained)>>,
    /// Objects that are ending, and how many times over: out of the table and not freed yet, or left to the call that frees them.
    pub(super) ending: BTreeMap<(TypeId, u64), u32>,
    /// Clients that have left, and some of whose objects were in use by others.
    pub(super) departed: BTreeSet<ChannelId>,
}

/// Type, address, client, and which of the client's references: 0 where the library does not count.
pub(super) type Known = (TypeId, u64, ChannelId, u64);

/// All that are known of an object.
fn all(id: TypeId, address: u64) -> RangeInclusive<Known> {
    (id, address, ChannelId(0), 0)..=(id, address, ChannelId(u64::MAX), u64::MAX)
}

pub(super) struct HandleSlot {
    pub(super) generation: u32,
    pub(super) object: Option<Object>,
}

pub(super) struct Object {
    pub(super) client: ChannelId,
    pub(super) id: TypeId,
    pub(super) address: u64,
    pub(super) borrowed: bool,
    pub(super) reference: u64,
    pub(super) born: u64,
    pub(super) owner: Option<u32>,
    /// By birth.
    pub(super) children: BTreeMap<u64, u32>,
    pub(super) pins: u32,
    /// And whose it is: clients may have borrowed the same object.
    pub(super) retained: Vec<(ChannelId, Retained)>,
}

impl HandleTable {
    pub(super) fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// The client's object of that type at that address: of several references, the one that it has had for longest, and
    /// before those what it has borrowed.
    pub(super) fn known(&self, id: TypeId, address: u64, client: ChannelId) -> Option<u32> {
        let own = (id, address, client, 0)..=(id, address, client, u64::MAX);
        self.known.range(own).next().map(|(_, index)| *index)
    }

    pub(super) fn object(&mut self, index: u32) -> Option<&mut Object> {
        self.slots.get_mut(index as usize)?.object.as_mut()
    }

    pub(super) fn word(&self, index: u32) -> u64 {
        let generation = self.slots.get(index as usize).map_or(0, |slot| slot.generation);
        u64::from(generation) << 32 | u64::from(index)
    }

    pub(super) fn find(&self, client: ChannelId, word: u64) -> Result<u32, HandleError> {
        let index = word as u32;
        let slot = self.slots.get(index as usize).filter(|slot| u64::from(slot.generation) == word >> 32);
        let object = slot.and_then(|slot| slot.object.as_ref()).filter(|object| object.client == client);
        object.map(|_| index).ok_or(HandleError::Stale)
    }

    pub(super) fn find_typed(&mut self, client: ChannelId, word: u64, id: TypeId) -> Result<u32, HandleError> {
        let index = self.find(client, word)?;
        match self.object(index) {
            Some(object) if object.id == id => Ok(index),
            _ => Err(HandleError::Wrong),
        }
    }

    pub(super) fn place(&mut self, object: Object) -> u32 {
        match self.free.pop() {
            Some(index) => {
                self.slots[index as usize].object = Some(object);
                index
            }
            None => {
                self.slots.push(HandleSlot { generation: self.first.max(1), object: Some(object) });
                (self.slots.len() - 1) as u32
            }
        }
    }

    /// Makes `owner` the owner, unless that would make it its own.
    pub(super) fn own(&mut self, index: u32, owner: Option<u32>) {
        let mut above = owner;
        while let Some(one) = above {
            if one == index {
                return;
            }
            above = self.object(one).and_then(|object| object.owner);
        }
        let Some(object) = self.object(index) else { return };
        let (born, former) = (object.born, std::mem::replace(&mut object.owner, owner));
        if let Some(former) = former.and_then(|former| self.object(former)) {
            former.children.remove(&born);
        }
        if let Some(owner) = owner.and_then(|owner| self.object(owner)) {
            owner.children.insert(born, index);
        }
    }

    /// An object that is held already has come again: what was borrowed may be the client's own now.
    pub(super) fn take_over(&mut self, index: u32, owner: Option<u32>, borrowed: bool) {
        let Some(object) = self.object(index) else { return };
        if object.borrowed && !borrowed {
            object.borrowed = false;
            self.own(index, owner);
        }
    }

    /// An object and all that it owns but for what is `lent_on`, in the order in which they end.
    fn family(&mut self, root: u32, lent_on: &BTreeSet<u32>) -> Vec<u32> {
        let (mut family, mut next) = (Vec::new(), vec![root]);
        while let Some(index) = next.pop() {
            family.push(index);
            if let Some(object) = self.object(index) {
                next.extend(object.children.values().rev().filter(|child| !lent_on.contains(child)));
            }
        }
        // Owners stand before what they own, the oldest first: this is turned round.
        family.reverse();
        family
    }

    /// An object and all that ends with it, in the order in which it does: its family, and before an object that is going to be
    /// freed what others have borrowed of it, each with its family. What has been borrowed through one of several references
    /// does not, as long as another one stays.
    pub(super) fn ends_with(&mut self, root: u32) -> Vec<u32> {
        let all = self.all_that_ends(root, &BTreeSet::new());
        let ending: BTreeSet<u32> = all.iter().copied().collect();
        let lent_on: BTreeSet<u32> = all.iter().copied().filter(|one| self.is_lent_on(*one, &ending)).collect();
        if lent_on.is_empty() { all } else { self.all_that_ends(root, &lent_on) }
    }

    /// Whether it is borrowed, and goes on with another reference to what it has been borrowed of.
    fn is_lent_on(&mut self, index: u32, ending: &BTreeSet<u32>) -> bool {
        match self.object(index) {
            Some(&mut Object { borrowed: true, owner: Some(owner), .. }) => self.heir(owner, ending).is_some(),
            _ => false,
        }
    }

    /// The client's oldest other reference to the same object that is not ending, if the library counts them.
    fn heir(&mut self, reference: u32, ending: &BTreeSet<u32>) -> Option<u32> {
        let &mut Object { id, address, client, reference: 1.., .. } = self.object(reference)? else { return None };
        let references: Vec<u32> = self
            .known
            .range((id, address, client, 1)..=(id, address, client, u64::MAX))
            .map(|(_, index)| *index)
            .collect();
        let stays =
            |one: &u32| !ending.contains(one) && self.object(*one).is_some_and(|object| object.pins != CONSUMED);
        references.into_iter().find(stays)
    }

    /// A reference is about to end with these: what has been borrowed through it, and does not end too, goes on with another.
    pub(super) fn lend_on(&mut self, index: u32, ends: &[u32]) {
        let Some(object) = self.object(index).filter(|object| object.reference > 0) else { return };
        let mut children: Vec<u32> = object.children.values().copied().collect();
        children.retain(|child| !ends.contains(child));
        if children.is_empty() {
            return;
        }
        let heir = self.heir(index, &ends.iter().copied().collect());
        for child in children {
            self.own(child, heir);
        }
    }

    fn all_that_ends(&mut self, root: u32, lent_on: &BTreeSet<u32>) -> Vec<u32> {
        let (mut ends, mut taken, mut looked) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let mut family = self.family(root, lent_on);
        family.reverse();
        while let Some(index) = family.pop() {
            if taken.contains(&index) {
                continue;
            }
            let borrowers = if looked.insert(index) { self.borrowers(index, &taken) } else { Vec::new() };
            if borrowers.is_empty() {
                taken.insert(index);
                ends.push(index);
                continue;
            }
            family.push(index);
            for borrower in borrowers {
                family.extend(self.family(borrower, lent_on).into_iter().rev());
            }
        }
        ends
    }

    /// An object is ending, until [`HandleTable::over`].
    pub(super) fn begin_to_end(&mut self, id: TypeId, address: u64) {
        *self.ending.entry((id, address)).or_default() += 1;
    }

    /// It has ended, or does not after all.
    pub(super) fn over(&mut self, id: TypeId, address: u64) {
        if let Some(times) = self.ending.get_mut(&(id, address)) {
            *times -= 1;
            if *times == 0 {
                self.ending.remove(&(id, address));
            }
        }
    }

    /// Whether an object is ending and nobody has it otherwise, as one may whose library counts how often it is owned.
    pub(super) fn is_ending(&self, id: TypeId, address: u64) -> bool {
        if !self.ending.contains_key(&(id, address)) {
            return false;
        }
        let lives = |object: &Object| !object.borrowed && object.pins != CONSUMED;
        let mut slots = self.known.range(all(id, address)).filter_map(|(_, index)| self.slots.get(*index as usize));
        !slots.any(|slot| slot.object.as_ref().is_some_and(lives))
    }

    /// Whether a call uses any of them.
    pub(super) fn any_pinned(&mut self, objects: &[u32]) -> bool {
        objects.iter().any(|index| self.object(*index).is_some_and(|object| object.pins > 0))
    }

    /// Whether a call of another client uses any of them.
    pub(super) fn pinned_by_others(&mut self, objects: &[u32], client: ChannelId) -> bool {
        let by_another = |object: &mut Object| object.client != client && object.pins > 0;
        objects.iter().any(|index| self.object(*index).is_some_and(by_another))
    }

    /// Takes an object out. Its word, and its slot's generation, end.
    pub(super) fn remove(&mut self, index: u32) -> Option<Object> {
        let slot = self.slots.get_mut(index as usize)?;
        let object = slot.object.take()?;
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            self.free.push(index);
        }
        self.known.remove(&(object.id, object.address, object.client, object.reference));
        if let Some(live) = self.live.get_mut(&(object.client, object.id)) {
            *live = live.saturating_sub(1);
            if *live == 0 {
                self.live.remove(&(object.client, object.id));
            }
        }
        if object.pins == CONSUMED {
            self.over(object.id, object.address);
        }
        self.give_back(&object);
        for child in object.children.values() {
            if let Some(child) = self.object(*child) {
                child.owner = None;
            }
        }
        if let Some(owner) = object.owner.and_then(|owner| self.object(owner)) {
            owner.children.remove(&object.born);
        }
        Some(object)
    }

    pub(super) fn give_back(&mut self, object: &Object) {
        for (client, retained) in &object.retained {
            if let Some(kept) = self.kept.get_mut(client) {
                (kept.0, kept.1) = (kept.0.saturating_sub(1), kept.1.saturating_sub(retained.bytes()));
                if kept.0 == 0 {
                    self.kept.remove(client);
                }
            }
            if let Retained::Buffer(number, _) = retained {
                self.blocks.remove(number);
            }
        }
    }

    /// Whether somebody else owns the object too.
    fn is_owned_otherwise(&self, index: u32, id: TypeId, address: u64) -> bool {
        let mut others = self.known.range(all(id, address)).map(|(_, other)| *other).filter(|other| *other != index);
        others.any(|other| self.slots[other as usize].object.as_ref().is_some_and(|object| !object.borrowed))
    }

    /// A word is about to end, and the object is not, as it was borrowed or somebody else owns it too: what the library keeps
    /// for it must stay.
    pub(super) fn pass_on(&mut self, index: u32) {
        let Some(&mut Object { id, address, borrowed, owner, .. }) = self.object(index) else { return };
        if !borrowed && !self.is_owned_otherwise(index, id, address) {
            return;
        }
        let Some(object) = self.object(index) else { return };
        let retained = std::mem::take(&mut object.retained);
        if retained.is_empty() {
            return;
        }
        for (_, retained) in &retained {
            if let Retained::Buffer(number, _) = retained {
                self.blocks.remove(number);
            }
        }
        let others: Vec<u32> =
            self.known.range(all(id, address)).map(|(_, other)| *other).filter(|other| *other != index).collect();
        let owned = |other: &&u32| self.slots[**other as usize].object.as_ref().is_some_and(|object| !object.borrowed);
        let heir = others.iter().find(owned).copied().or(owner).or(others.first().copied());
        match heir.and_then(|heir| self.object(heir)) {
            Some(heir) => heir.retained.extend(retained),
            None => self.left_alone.entry((id, address)).or_default().extend(retained),
        }
    }

    /// Who has borrowed an object that is owned by nobody else, leaving out those that are `taken` already.
    fn borrowers(&mut self, index: u32, taken: &BTreeSet<u32>) -> Vec<u32> {
        let Some(&mut Object { id, address, borrowed: false, .. }) = self.object(index) else { return Vec::new() };
        let mut others: Vec<u32> = self.known.range(all(id, address)).map(|(_, index)| *index).collect();
        others.retain(|other| *other != index && !taken.contains(other));
        let owned = others.iter().any(|other| self.object(*other).is_some_and(|object| !object.borrowed));
        if owned { Vec::new() } else { others }
    }
}
