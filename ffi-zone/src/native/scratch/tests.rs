use super::*;

#[test]
fn room_is_zero_whatever_the_previous_call_left() {
    let scratch = Scratch::new(1 << 20).expect("mapping");
    let mut part = scratch.open();
    let secret = part.piece(5000).expect("fits");
    part.bytes_mut(secret).fill(0xa5);
    drop(part);
    let mut part = scratch.open();
    part.piece(100).expect("fits");
    let room = part.room(10_000).expect("fits");
    assert!(part.bytes(room).iter().all(|byte| *byte == 0));
}

#[test]
fn calls_inside_of_calls_stand_behind_each_other() {
    let scratch = Scratch::new(1 << 20).expect("mapping");
    let mut outer = scratch.open();
    let own = outer.piece(100).expect("fits");
    outer.bytes_mut(own).fill(1);
    for _ in 0..3 {
        let mut inner = scratch.open();
        let other = inner.piece(100).expect("fits");
        inner.bytes_mut(other).fill(2);
        assert_eq!((outer.piece(1), outer.left()), (None, 0), "the inner one is open");
    }
    assert!(outer.bytes(own).iter().all(|byte| *byte == 1));
    let after = outer.room(100).expect("the inner one is closed");
    assert!(outer.bytes(after).iter().all(|byte| *byte == 0));
}

#[test]
fn parts_closed_out_of_turn_give_nothing_away() {
    let scratch = Scratch::new(1 << 20).expect("mapping");
    let outer = scratch.open();
    let mut inner = scratch.open();
    let piece = inner.piece(100).expect("fits");
    drop(outer);
    inner.bytes_mut(piece).fill(2);
    let mut third = scratch.open();
    let other = third.room(100).expect("fits");
    assert!(third.pointer(other) >= inner.pointer(piece).wrapping_add(100));
}

#[test]
fn holds_what_it_promises_and_no_more() {
    let scratch = Scratch::new(1 << 20).expect("mapping");
    let mut part = scratch.open();
    for _ in 0..crate::native::ffi::MAX_PARAMETERS {
        assert!(part.piece((1 << 20) / crate::native::ffi::MAX_PARAMETERS + 1).is_some());
    }
    assert_eq!(part.piece(1 << 20), None);
    assert_eq!(part.piece(usize::MAX), None);
    drop(part);
    assert!(scratch.open().piece(1 << 20).is_some());
}

/// Writes from the start of a piece on.
fn overflow(part: &ScratchPart<'_>, piece: Piece, bytes: usize) {
    // SAFETY: the tests stay inside of the mapping.
    unsafe { part.pointer(piece).write_bytes(7, bytes) };
}

#[test]
fn writing_beyond_a_room_is_seen() {
    let scratch = Scratch::new(1 << 20).expect("mapping");
    let mut part = scratch.open();
    for bytes in [1, 15, 16, 17, 100, SLOT_BYTES - 1, SLOT_BYTES + 1, SLOT_BYTES + 1, 200_000] {
        let room = part.fenced(bytes, 0, false).expect("fits");
        assert!(part.bytes(room).iter().all(|byte| *byte == 0), "{bytes}");
        overflow(&part, room, bytes);
        assert!(part.is_whole(room), "{bytes}");
        if !(part.pointer(room).addr() + bytes).is_multiple_of(PAGE_BYTES) {
            overflow(&part, room, bytes + 1);
            assert!(!part.is_whole(room), "{bytes}");
        }
    }
}

#[test]
fn rooms_end_at_inaccessible_pages_as_long_as_there_are_slots() {
    let scratch = Scratch::new(1 << 20).expect("mapping");
    let mut outer = scratch.open();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..SLOTS {
        let room = outer.fenced(4096, 0, false).expect("fits");
        assert!((outer.pointer(room).addr() + 4096).is_multiple_of(PAGE_BYTES) && seen.insert(room.offset));
    }
    let edge = outer.fenced(4096, 0, false).expect("fits");
    assert_eq!(edge.offset + 4096, scratch.capacity);
    let more = outer.fenced(4096, 0, false).expect("fits");
    assert!(more.offset < edge.offset && outer.is_whole(more));
    drop(outer);
    let mut outer = scratch.open();
    let one = outer.fenced(3000, 0, false).expect("fits");
    overflow(&outer, one, 3000);
    let mut inner = scratch.open();
    let other = inner.fenced(3000, 0, false).expect("fits");
    assert_ne!(inner.pointer(other), outer.pointer(one), "both are in use");
    drop(inner);
    drop(outer);
    let mut again = scratch.open();
    let zero = again.fenced(4000, 0, false).expect("fits");
    assert!(again.bytes(zero).iter().all(|byte| *byte == 0), "whatever the previous call left");
}

/// One that is too large for a slot ends where the stack does, in whichever part it is, and is zero whatever stood there.
#[test]
fn a_large_room_ends_at_an_inaccessible_page() {
    const LARGE: usize = 300_000;
    let scratch = Scratch::new(1 << 20).expect("mapping");
    let end = scratch.capacity;
    for filled in [false, true, false] {
        let mut outer = scratch.open();
        let before = outer.piece(100).expect("fits");
        outer.bytes_mut(before).fill(1);
        let mut inner = scratch.open();
        let large = inner.fenced(LARGE + 1, 5, filled).expect("fits");
        assert_eq!(large.offset + (LARGE + 1).next_multiple_of(SLOT_ALIGNMENT), end);
        if !filled {
            assert!(inner.bytes(large).iter().all(|byte| *byte == 0), "whatever the previous call left");
        }
        let other = inner.fenced(LARGE, 5, false).expect("fits");
        assert!(inner.bytes(other).iter().all(|byte| *byte == 0) && other.offset + LARGE < large.offset);
        assert_eq!(inner.left() + FENCE_BYTES, large.offset - inner.next(), "it is not handed out once more");
        assert_eq!(inner.fenced(LARGE * 2, 5, false), None);
        for room in [large, other] {
            overflow(&inner, room, room.bytes());
            assert!(inner.is_whole(room));
        }
        drop(inner);
        assert!(outer.bytes(before).iter().all(|byte| *byte == 1));
        let room = outer.room(scratch.capacity - 4096).expect("nobody has its end any more");
        assert!(outer.bytes(room).iter().all(|byte| *byte == 0));
        overflow(&outer, room, room.bytes());
    }
    for _ in 0..=PATIENCE {
        scratch.open().piece(10);
    }
    assert_eq!((scratch.dirty.get(), scratch.dirty_edge.get()), (KEPT_BYTES, 0), "given back");
    let mut part = scratch.open();
    let room = part.fenced(scratch.capacity, 0, false).expect("fits");
    assert!(part.bytes(room).iter().all(|byte| *byte == 0));
}

#[test]
fn empty_pieces_have_addresses() {
    let scratch = Scratch::new(0).expect("mapping");
    let mut part = scratch.open();
    let piece = part.piece(0).expect("fits");
    assert!(!part.pointer(piece).is_null());
}

#[test]
fn memory_of_a_rare_large_call_is_given_back() {
    let scratch = Scratch::new(4 << 20).expect("mapping");
    let mut part = scratch.open();
    let large = part.piece(4 << 20).expect("fits");
    part.bytes_mut(large).fill(1);
    drop(part);
    for _ in 0..=PATIENCE {
        scratch.open().piece(10);
    }
    assert_eq!(scratch.dirty.get(), KEPT_BYTES);
    let mut part = scratch.open();
    let room = part.room(4 << 20).expect("fits");
    assert!(part.bytes(room).iter().all(|byte| *byte == 0));
}
