mod model;
mod references;

use super::*;
use crate::callback::callables::ClosureId;
use crate::native::block::Block;
use cloison_contract::interface::{Instances, Interface, Library, LibraryLocation, Sandbox};
use cloison_contract::types::{Definition, Handle, Location};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const ONE: ChannelId = ChannelId(1);
const OTHER: ChannelId = ChannelId(2);
const PARENT: TypeId = TypeId(0);
const CHILD: TypeId = TypeId(1);
const MOST: u32 = 6;

fn handles() -> ZoneHandles {
    counting(false)
}

fn counting(refcounted: bool) -> ZoneHandles {
    let handle = |free: u32| Definition {
        name: "thing".into(),
        declaration: String::new(),
        doc: None,
        declared: Location::default(),
        kind: TypeKind::Handle(Handle {
            free: Some(FunctionId(free)),
            owner: None,
            max_live: MOST,
            refcounted,
            thread_affine: false,
        }),
    };
    ZoneHandles::new(&Interface {
        name: "test".into(),
        version: "1".into(),
        doc: None,
        source: String::new(),
        library: Library {
            location: LibraryLocation::Path(String::new()),
            sha256: vec![],
            needs: vec![],
            preload: vec![],
            declared: Location::default(),
        },
        sandbox: Sandbox {
            memory_bytes: 1,
            deadline: Duration::from_secs(1),
            callables: Duration::from_secs(60),
            processes: 0,
            descriptors: 0,
            file_size_bytes: 0,
            call_bytes: 1000,
            instances: Instances::Shared,
            threads: 1,
            files: vec![],
            connect: vec![],
            needed: vec![],
            environment: vec![],
            scratch_bytes: None,
            roots: vec![],
            may_be_missing: vec![],
        },
        types: vec![handle(10), handle(11)],
        exceptions: vec![],
        constants: vec![],
        functions: vec![],
    })
}

fn own(handles: &ZoneHandles, id: TypeId, address: u64, owner: Option<u64>) -> u64 {
    handles.adopt(ONE, id, address, owner, false).expect("room").word
}

fn freed(ended: &[EndedObject]) -> Vec<(u32, u64)> {
    ended.iter().filter_map(|one| Some((one.free?.0, one.address))).collect()
}

#[test]
fn a_word_leads_to_its_object_for_its_client_and_type_only() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    assert_eq!(handles.resolve(ONE, word, PARENT), Ok(0x1000));
    assert_eq!(handles.resolve(ONE, word, CHILD), Err(HandleError::Wrong));
    assert_eq!(handles.resolve(OTHER, word, PARENT), Err(HandleError::Stale), "another client's is stale, not wrong");
    assert_eq!(handles.resolve(OTHER, word, CHILD), Err(HandleError::Stale));
    for guess in [0, 1, word ^ 1, word + 1, word ^ (1 << 32), word + (1 << 32), u64::MAX] {
        assert_eq!(handles.resolve(ONE, guess, PARENT), Err(HandleError::Stale), "{guess:x}");
    }
    assert_eq!(freed(&handles.close(ONE, word).expect("open")), [(10, 0x1000)]);
    assert_eq!(handles.close(ONE, word).err(), Some(HandleError::Stale));
    assert_eq!(handles.resolve(ONE, word, PARENT), Err(HandleError::Stale));
    let next = own(&handles, PARENT, 0x1000, None);
    assert_ne!(next, word, "the same address is another object now");
    assert_eq!(handles.resolve(ONE, word, PARENT), Err(HandleError::Stale));
}

#[test]
fn what_is_held_already_keeps_its_word() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    assert_eq!(handles.adopt(ONE, PARENT, 0x1000, None, true), Ok(Adopted { word, fresh: false }));
    assert_ne!(own(&handles, CHILD, 0x1000, None), word, "another type is another object");
    assert_ne!(handles.adopt(OTHER, PARENT, 0x1000, None, true).expect("room").word, word);
    let lent = handles.adopt(ONE, PARENT, 0x2000, None, true).expect("room").word;
    assert_eq!(own(&handles, PARENT, 0x2000, None), lent);
    assert_eq!(freed(&handles.close(ONE, lent).expect("open")), [(10, 0x2000)], "borrowed first, then owned");
}

#[test]
fn children_go_before_parents_and_the_youngest_first() {
    let handles = handles();
    let parent = own(&handles, PARENT, 0x1000, None);
    let elder = own(&handles, CHILD, 0x2000, Some(parent));
    let grandchild = own(&handles, CHILD, 0x2100, Some(elder));
    let younger = own(&handles, CHILD, 0x3000, Some(parent));
    let lent = handles.adopt(ONE, CHILD, 0x4000, Some(parent), true).expect("room").word;
    let ended = handles.close(ONE, parent).expect("open");
    assert_eq!(freed(&ended), [(11, 0x3000), (11, 0x2100), (11, 0x2000), (10, 0x1000)]);
    for word in [parent, elder, grandchild, younger, lent] {
        assert_eq!(handles.close(ONE, word).err(), Some(HandleError::Stale));
    }
}

#[test]
fn what_others_have_borrowed_ends_with_the_object() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    let lent = handles.adopt(OTHER, PARENT, 0x1000, None, true).expect("room").word;
    let theirs = handles.adopt(OTHER, CHILD, 0x5000, Some(lent), false).expect("room").word;
    assert_eq!(freed(&handles.close(ONE, word).expect("open")), [(11, 0x5000), (10, 0x1000)]);
    assert_eq!(handles.resolve(OTHER, lent, PARENT), Err(HandleError::Stale));
    assert_eq!(handles.resolve(OTHER, theirs, CHILD), Err(HandleError::Stale));
    // Counted references: the other owner's stays.
    let word = own(&handles, PARENT, 0x1000, None);
    let too = handles.adopt(OTHER, PARENT, 0x1000, None, false).expect("room").word;
    assert_eq!(freed(&handles.close(ONE, word).expect("open")), [(10, 0x1000)]);
    assert_eq!(handles.resolve(OTHER, too, PARENT), Ok(0x1000));
}

#[test]
fn no_object_owns_itself() {
    let handles = handles();
    let lent = handles.adopt(ONE, PARENT, 0x1000, None, true).expect("room").word;
    let child = own(&handles, CHILD, 0x2000, Some(lent));
    assert_eq!(own(&handles, PARENT, 0x1000, Some(child)), lent);
    assert_eq!(freed(&handles.close(ONE, child).expect("open")), [(11, 0x2000)]);
    assert_eq!(freed(&handles.close_all(ONE)), [(10, 0x1000)]);
}

#[test]
fn there_are_no_more_than_there_may_be() {
    let handles = handles();
    let words: Vec<_> = (0..u64::from(MOST)).map(|at| own(&handles, PARENT, at + 1, None)).collect();
    assert_eq!(handles.adopt(ONE, PARENT, 0x9000, None, false), Err(HandleError::TooMany));
    assert_eq!(handles.adopt(ONE, PARENT, 0x9000, None, true), Err(HandleError::TooMany));
    assert!(handles.adopt(ONE, CHILD, 0x9000, None, false).is_ok(), "each type has its own limit");
    assert!(handles.adopt(OTHER, PARENT, 0x9000, None, false).is_ok(), "and each client");
    handles.close(ONE, words[0]).expect("open");
    assert!(handles.adopt(ONE, PARENT, 0x9000, None, false).is_ok());
    assert_eq!(handles.adopt(ONE, TypeId(7), 0x9000, None, false), Err(HandleError::TooMany), "no such type");
}

#[test]
fn what_a_call_uses_cannot_be_closed() {
    let handles = handles();
    let parent = own(&handles, PARENT, 0x1000, None);
    let child = own(&handles, CHILD, 0x2000, Some(parent));
    assert_eq!(handles.pin(ONE, child, CHILD), Ok(0x2000));
    assert_eq!(handles.close(ONE, child).err(), Some(HandleError::InUse));
    assert_eq!(handles.close(ONE, parent).err(), Some(HandleError::InUse));
    assert_eq!(handles.consume(ONE, parent, PARENT).err(), Some(HandleError::InUse));
    handles.unpin(ONE, &[child]);
    assert_eq!(freed(&handles.close(ONE, parent).expect("open")), [(11, 0x2000), (10, 0x1000)]);
}

#[test]
fn a_consumed_object_ends_with_the_call_or_stays() {
    let handles = handles();
    let parent = own(&handles, PARENT, 0x1000, None);
    own(&handles, CHILD, 0x2000, Some(parent));
    assert_eq!(handles.consume(ONE, parent, PARENT), Ok(0x1000));
    assert_eq!(freed(&handles.strip(ONE, parent).expect("nobody uses the child")), [(11, 0x2000)]);
    assert_eq!(handles.consume(ONE, parent, PARENT).err(), Some(HandleError::InUse), "twice in one call");
    handles.unpin(ONE, &[parent]);
    assert_eq!(handles.resolve(ONE, parent, PARENT), Ok(0x1000), "the call failed");
    handles.consume(ONE, parent, PARENT).expect("free");
    assert!(freed(&handles.forget(ONE, parent)).is_empty());
    assert_eq!(handles.resolve(ONE, parent, PARENT), Err(HandleError::Stale));
    let lent = handles.adopt(ONE, PARENT, 0x3000, None, true).expect("room").word;
    assert_eq!(handles.consume(ONE, lent, PARENT).err(), Some(HandleError::Borrowed));
}

#[test]
fn what_the_library_keeps_is_given_back_with_the_object() {
    let handles = handles();
    let block = |bytes| Arc::new(Block::new(bytes).expect("memory"));
    let word = own(&handles, PARENT, 0x1000, None);
    let number = handles.number();
    handles.retain(ONE, word, Retained::Buffer(number, block(600))).expect("open");
    handles.retain(ONE, word, Retained::Closure(ClosureId(3))).expect("open");
    assert!(handles.may_retain(ONE, 400) && !handles.may_retain(ONE, 401) && handles.may_retain(OTHER, 1000));
    assert_eq!(handles.block(ONE, number).map(|block| block.bytes()), Some(600));
    assert!(handles.block(OTHER, number).is_none() && handles.block(ONE, number + 1).is_none());
    let ended = handles.close(ONE, word).expect("open");
    assert!(matches!(ended[0].retained[..], [Retained::Buffer(..), Retained::Closure(ClosureId(3))]));
    assert!(handles.block(ONE, number).is_none());
    assert!(handles.may_retain(ONE, 1000));
    assert!(handles.retain(ONE, word, Retained::Closure(ClosureId(4))).is_err());
}

#[test]
fn what_a_call_ends_is_nobody_elses() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    assert_eq!(handles.consume(ONE, word, PARENT), Ok(0x1000));
    assert_eq!(handles.pin(ONE, word, PARENT), Err(HandleError::InUse), "as another argument, or inside of a callback");
    handles.unpin(ONE, &[word]);
    assert_eq!(handles.pin(ONE, word, PARENT), Ok(0x1000), "the call failed");
    handles.unpin(ONE, &[word]);
    assert_eq!(freed(&handles.close(ONE, word).expect("open")), [(10, 0x1000)]);
}

#[test]
fn what_another_client_uses_cannot_be_ended_by_its_owner() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    let lent = handles.adopt(OTHER, PARENT, 0x1000, None, true).expect("room").word;
    handles.pin(OTHER, lent, PARENT).expect("open");
    assert_eq!(handles.close(ONE, word).err(), Some(HandleError::InUse));
    assert_eq!(handles.consume(ONE, word, PARENT).err(), Some(HandleError::InUse));
    handles.unpin(OTHER, &[lent]);
    assert_eq!(freed(&handles.close(ONE, word).expect("open")), [(10, 0x1000)]);
}

/// What another client has made of an object that it has borrowed is freed with that object.
#[test]
fn what_belongs_to_a_borrowed_word_is_in_use_for_its_owner_too() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    let lent = handles.adopt(OTHER, PARENT, 0x1000, None, true).expect("room").word;
    let child = handles.adopt(OTHER, CHILD, 0x2000, Some(lent), false).expect("room").word;
    handles.pin(OTHER, child, CHILD).expect("open");
    assert_eq!(handles.close(ONE, word).err(), Some(HandleError::InUse));
    assert_eq!(handles.consume(ONE, word, PARENT).err(), Some(HandleError::InUse));
    assert!(handles.close_all(ONE).is_empty(), "its owner has left");
    assert!(handles.sweep().is_empty() && handles.resolve(OTHER, child, CHILD).is_ok());
    handles.unpin(OTHER, &[child]);
    assert_eq!(freed(&handles.sweep()), [(11, 0x2000), (10, 0x1000)]);
    assert_eq!(handles.resolve(OTHER, child, CHILD), Err(HandleError::Stale));
}

/// The same, several steps away: what ends with what ends with it.
#[test]
fn what_belongs_to_a_word_borrowed_of_a_child_is_in_use_too() {
    let handles = handles();
    let parent = own(&handles, PARENT, 0x1000, None);
    own(&handles, CHILD, 0x2000, Some(parent));
    let lent = handles.adopt(OTHER, CHILD, 0x2000, None, true).expect("room").word;
    let theirs = handles.adopt(OTHER, PARENT, 0x3000, Some(lent), false).expect("room").word;
    let third = ChannelId(3);
    let again = handles.adopt(third, PARENT, 0x3000, None, true).expect("room").word;
    let last = handles.adopt(third, CHILD, 0x4000, Some(again), false).expect("room").word;
    handles.pin(third, last, CHILD).expect("open");
    assert_eq!(handles.close(OTHER, theirs).err(), Some(HandleError::InUse));
    assert_eq!(handles.close(ONE, parent).err(), Some(HandleError::InUse));
    handles.unpin(third, &[last]);
    let ended = handles.close(ONE, parent).expect("open");
    assert_eq!(freed(&ended), [(11, 0x4000), (10, 0x3000), (11, 0x2000), (10, 0x1000)]);
}

/// What a question shows belongs to nobody, but what is made of it can be borrowed.
#[test]
fn what_a_question_has_shown_stays_while_another_client_uses_what_was_made_of_it() {
    let handles = handles();
    let shown = handles.adopt(ONE, PARENT, 0x1000, None, true).expect("room").word;
    own(&handles, CHILD, 0x2000, Some(shown));
    let lent = handles.adopt(OTHER, CHILD, 0x2000, None, true).expect("room").word;
    let made = handles.adopt(OTHER, PARENT, 0x3000, Some(lent), false).expect("room").word;
    handles.pin(OTHER, made, PARENT).expect("open");
    assert!(handles.hide(ONE, shown).is_empty() && handles.resolve(OTHER, made, PARENT).is_ok());
    handles.unpin(OTHER, &[made]);
    assert_eq!(freed(&handles.hide(ONE, shown)), [(10, 0x3000), (11, 0x2000)]);
}

#[test]
fn what_others_have_of_an_object_ends_before_the_call_that_consumes_it() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    let lent = handles.adopt(OTHER, PARENT, 0x1000, None, true).expect("room").word;
    let child = handles.adopt(OTHER, CHILD, 0x2000, Some(lent), false).expect("room").word;
    handles.consume(ONE, word, PARENT).expect("free");
    handles.pin(OTHER, child, CHILD).expect("open");
    assert_eq!(handles.strip(ONE, word).err(), Some(HandleError::InUse));
    handles.unpin(OTHER, &[child]);
    assert_eq!(freed(&handles.strip(ONE, word).expect("free")), [(11, 0x2000)]);
    assert_eq!(handles.pin(OTHER, lent, PARENT), Err(HandleError::Stale), "while the call runs");
    assert!(freed(&handles.forget(ONE, word)).is_empty());
}

#[test]
fn what_another_client_uses_outlives_its_owner() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    own(&handles, CHILD, 0x3000, Some(word));
    own(&handles, PARENT, 0x2000, None);
    let lent = handles.adopt(OTHER, PARENT, 0x1000, None, true).expect("room").word;
    handles.pin(OTHER, lent, PARENT).expect("open");
    assert_eq!(freed(&handles.close_all(ONE)), [(10, 0x2000)], "the other one is in use");
    assert!(handles.sweep().is_empty() && handles.resolve(OTHER, lent, PARENT).is_ok());
    handles.unpin(OTHER, &[lent]);
    assert_eq!(freed(&handles.sweep()), [(11, 0x3000), (10, 0x1000)], "and what belongs to it, before it");
    assert_eq!(handles.resolve(OTHER, lent, PARENT), Err(HandleError::Stale));
    assert!(handles.sweep().is_empty() && handles.close_all(ONE).is_empty());
}

/// Freeing takes time, and asks: whoever got a word for an object meanwhile would have it when the object is gone.
#[test]
fn what_is_being_freed_cannot_be_borrowed_any_more() {
    let handles = handles();
    let borrow = |client| handles.adopt(client, PARENT, 0x1000, None, true).map(|adopted| adopted.word);
    let word = own(&handles, PARENT, 0x1000, None);
    own(&handles, CHILD, 0x2000, Some(word));
    let ended = handles.close(ONE, word).expect("open");
    assert_eq!(freed(&ended), [(11, 0x2000), (10, 0x1000)]);
    handles.freed(&ended[0]);
    assert_eq!((borrow(ONE), borrow(OTHER)), (Err(HandleError::Ending), Err(HandleError::Ending)));
    assert!(handles.adopt(OTHER, CHILD, 0x2000, None, true).is_ok(), "this one has been: another object");
    assert!(handles.adopt(OTHER, CHILD, 0x1000, None, true).is_ok(), "of another type");
    handles.freed(&ended[1]);
    assert!(borrow(OTHER).is_ok());
}

/// Until the call has succeeded, or failed.
#[test]
fn what_a_call_consumes_cannot_be_borrowed_meanwhile() {
    let handles = handles();
    let borrow = || handles.adopt(OTHER, PARENT, 0x1000, None, true).map(|adopted| adopted.word);
    let word = own(&handles, PARENT, 0x1000, None);
    handles.consume(ONE, word, PARENT).expect("free");
    assert!(handles.strip(ONE, word).expect("nobody else").is_empty());
    assert_eq!(borrow(), Err(HandleError::Ending));
    handles.unpin(ONE, &[word]);
    let lent = borrow().expect("the call failed");
    handles.consume(ONE, word, PARENT).expect("free");
    assert!(handles.strip(ONE, word).expect("nobody uses it").is_empty());
    assert_eq!(handles.resolve(OTHER, lent, PARENT), Err(HandleError::Stale));
    assert_eq!(borrow(), Err(HandleError::Ending));
    own(&handles, CHILD, 0x3000, Some(word));
    assert!(freed(&handles.forget(ONE, word)).is_empty());
    assert!(borrow().is_ok());
    assert!(handles.adopt(OTHER, CHILD, 0x3000, None, true).is_ok());
}

/// A library that counts how often an object is owned frees it with the last.
#[test]
fn what_somebody_else_owns_can_be_borrowed_while_an_owner_ends() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    let ended = handles.close(ONE, word).expect("open");
    let owned = handles.adopt(OTHER, PARENT, 0x1000, None, false).expect("room").word;
    assert!(handles.adopt(ONE, PARENT, 0x1000, None, true).is_ok());
    ended.iter().for_each(|one| handles.freed(one));
    assert_eq!(handles.resolve(OTHER, owned, PARENT), Ok(0x1000));
}

/// In use by two calls: the first that ends does not end it.
#[test]
fn what_several_use_outlives_all_of_them() {
    let handles = handles();
    own(&handles, PARENT, 0x1000, None);
    let lent = handles.adopt(OTHER, PARENT, 0x1000, None, true).expect("room").word;
    handles.pin(OTHER, lent, PARENT).expect("open");
    handles.pin(OTHER, lent, PARENT).expect("open");
    assert!(handles.close_all(ONE).is_empty());
    handles.unpin(OTHER, &[lent]);
    assert!(handles.sweep().is_empty());
    handles.unpin(OTHER, &[lent]);
    assert_eq!(freed(&handles.sweep()), [(10, 0x1000)]);
}

#[test]
fn what_is_kept_outlives_a_borrowed_word() {
    let handles = handles();
    let kept = || Retained::Block(Arc::new(Block::new(100).expect("memory")));
    let count = |ended: Vec<EndedObject>| ended.iter().map(|one| one.retained.len()).sum::<usize>();
    // With the owner.
    let parent = own(&handles, PARENT, 0x1000, None);
    let lent = handles.adopt(ONE, CHILD, 0x2000, Some(parent), true).expect("room").word;
    handles.retain(ONE, lent, kept()).expect("open");
    assert_eq!(count(handles.close(ONE, lent).expect("open")), 0, "the object lives");
    let lent = handles.adopt(ONE, CHILD, 0x2000, Some(parent), true).expect("room").word;
    handles.retain(ONE, lent, kept()).expect("open");
    let ended = handles.close(ONE, parent).expect("open");
    assert_eq!((freed(&ended), count(ended)), (vec![(10, 0x1000)], 2), "behind the parent's end");
    // With the word of whose it is.
    let word = own(&handles, PARENT, 0x1000, None);
    let lent = handles.adopt(OTHER, PARENT, 0x1000, None, true).expect("room").word;
    handles.retain(OTHER, lent, kept()).expect("open");
    assert_eq!(count(handles.close_all(OTHER)), 0, "the object lives");
    assert!(!handles.may_retain(OTHER, 901) && handles.may_retain(ONE, 1000), "on account of who had it kept");
    assert_eq!(count(handles.close(ONE, word).expect("open")), 1);
    assert!(handles.may_retain(OTHER, 1000));
    // With nobody, until somebody has the object again, and then with its end.
    let lent = handles.adopt(ONE, PARENT, 0x3000, None, true).expect("room").word;
    handles.retain(ONE, lent, kept()).expect("open");
    assert_eq!(count(handles.close(ONE, lent).expect("open")), 0);
    assert!(!handles.may_retain(ONE, 901), "nothing is had for nothing by closing the word");
    let again = handles.adopt(ONE, PARENT, 0x3000, None, true).expect("room").word;
    handles.retain(ONE, again, kept()).expect("open");
    assert_eq!(count(handles.close(ONE, again).expect("open")), 0);
    let word = handles.adopt(OTHER, PARENT, 0x3000, None, false).expect("room").word;
    assert_eq!(count(handles.close(OTHER, word).expect("open")), 2);
    assert!(handles.may_retain(ONE, 1000));
}

#[test]
fn what_a_question_has_shown_is_hidden_unless_it_is_the_clients_own_by_now() {
    let handles = handles();
    let lent = handles.adopt(ONE, PARENT, 0x1000, None, true).expect("room").word;
    own(&handles, CHILD, 0x2000, Some(lent));
    assert_eq!(freed(&handles.hide(ONE, lent)), [(11, 0x2000)], "what belongs to it");
    assert_eq!(handles.resolve(ONE, lent, PARENT), Err(HandleError::Stale));
    let lent = handles.adopt(ONE, PARENT, 0x1000, None, true).expect("room").word;
    assert_eq!(own(&handles, PARENT, 0x1000, None), lent);
    assert!(handles.hide(ONE, lent).is_empty());
    assert_eq!(handles.resolve(ONE, lent, PARENT), Ok(0x1000));
}

#[test]
fn a_client_that_leaves_leaves_nothing() {
    let handles = handles();
    let parent = own(&handles, PARENT, 0x1000, None);
    own(&handles, CHILD, 0x2000, Some(parent));
    own(&handles, CHILD, 0x3000, None);
    let stays = handles.adopt(OTHER, PARENT, 0x4000, None, false).expect("room").word;
    assert_eq!(freed(&handles.close_all(ONE)), [(11, 0x3000), (11, 0x2000), (10, 0x1000)]);
    assert!(handles.close_all(ONE).is_empty());
    assert_eq!(handles.resolve(OTHER, stays, PARENT), Ok(0x4000));
}

#[test]
fn generations_that_are_used_up_are_not_used_again() {
    let handles = handles();
    let word = own(&handles, PARENT, 0x1000, None);
    handles.close(ONE, word).expect("open");
    handles.table().slots[0].generation = u32::MAX;
    let last = own(&handles, PARENT, 0x1000, None);
    assert_eq!(last, u64::from(u32::MAX) << 32);
    handles.close(ONE, last).expect("open");
    assert_eq!(own(&handles, PARENT, 0x1000, None), 1 << 32 | 1, "another slot");
}
