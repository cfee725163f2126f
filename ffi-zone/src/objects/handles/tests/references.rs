//! Objects whose library counts references.

use super::*;

#[test]
fn each_reference_is_freed_once_and_the_others_stay() {
    let handles = counting(true);
    let first = own(&handles, PARENT, 0x1000, None);
    let second = own(&handles, PARENT, 0x1000, None);
    let theirs = handles.adopt(OTHER, PARENT, 0x1000, None, false).expect("room").word;
    assert_ne!(first, second);
    let lent = handles.adopt(ONE, PARENT, 0x1000, None, true).expect("room");
    assert_eq!(lent, Adopted { word: first, fresh: false }, "what is borrowed is no reference");
    let block = Retained::Block(Arc::new(Block::new(10).expect("memory")));
    handles.retain(ONE, first, block).expect("the object is there");
    let ended = handles.close(ONE, first).expect("open");
    assert_eq!(
        (freed(&ended), ended[0].retained.len()),
        (vec![(10, 0x1000)], 0),
        "the library still uses what it keeps"
    );
    assert_eq!(handles.close(ONE, first).err(), Some(HandleError::Stale));
    assert_eq!(handles.resolve(ONE, second, PARENT), Ok(0x1000));
    handles.freed(&ended[0]);
    assert_eq!(handles.consume(ONE, second, PARENT), Ok(0x1000), "a call may take one of them");
    assert!(freed(&handles.forget(ONE, second)).is_empty());
    let ended = handles.close(OTHER, theirs).expect("open");
    assert_eq!((freed(&ended), ended[0].retained.len()), (vec![(10, 0x1000)], 1), "given back with the last");
}

#[test]
fn references_count_against_the_most_and_all_end_with_their_client() {
    let handles = counting(true);
    let words: Vec<_> = (0..MOST).map(|_| own(&handles, PARENT, 0x1000, None)).collect();
    assert_eq!(handles.adopt(ONE, PARENT, 0x1000, None, false).err(), Some(HandleError::TooMany));
    let child = own(&handles, CHILD, 0x2000, Some(words[2]));
    assert_eq!(freed(&handles.close(ONE, words[2]).expect("open")), [(11, 0x2000), (10, 0x1000)]);
    assert_eq!(handles.resolve(ONE, child, CHILD), Err(HandleError::Stale));
    assert_eq!(freed(&handles.close_all(ONE)), vec![(10, 0x1000); MOST as usize - 1]);
}

#[test]
fn what_is_borrowed_through_a_reference_lives_until_the_last_one_goes() {
    let handles = counting(true);
    let lend = |owner| handles.adopt(ONE, CHILD, 0x2000, Some(owner), true).expect("room").word;
    let [first, second] = [0; 2].map(|_| own(&handles, PARENT, 0x1000, None));
    let lent = lend(first);
    let below = handles.adopt(ONE, CHILD, 0x3000, Some(lent), false).expect("room").word;
    // In use, which does not stop the reference from being closed.
    assert_eq!(handles.pin(ONE, lent, CHILD), Ok(0x2000));
    assert_eq!(freed(&handles.close(ONE, first).expect("open")), [(10, 0x1000)]);
    handles.unpin(ONE, &[lent]);
    assert_eq!(handles.resolve(ONE, lent, CHILD), Ok(0x2000));
    assert_eq!(handles.pin(ONE, lent, CHILD), Ok(0x2000));
    assert_eq!(handles.close(ONE, second).err(), Some(HandleError::InUse), "the last one");
    handles.unpin(ONE, &[lent]);
    assert_eq!(freed(&handles.close(ONE, second).expect("open")), [(11, 0x3000), (10, 0x1000)]);
    for word in [lent, below] {
        assert_eq!(handles.resolve(ONE, word, CHILD), Err(HandleError::Stale));
    }
    // A call that takes one of them away.
    let [first, second] = [0; 2].map(|_| own(&handles, PARENT, 0x1000, None));
    let lent = lend(first);
    assert_eq!(handles.consume(ONE, first, PARENT), Ok(0x1000));
    assert!(handles.strip(ONE, first).expect("not in use").is_empty());
    handles.forget(ONE, first);
    assert_eq!(handles.resolve(ONE, lent, CHILD), Ok(0x2000));
    // Both at once, and the client's departure: nothing is left of it, whatever another client has.
    let theirs = handles.adopt(OTHER, PARENT, 0x1000, None, false).expect("room").word;
    own(&handles, PARENT, 0x1000, None);
    assert_eq!(freed(&handles.close_all(ONE)), [(10, 0x1000); 2]);
    for word in [lent, second] {
        assert_eq!(handles.resolve(ONE, word, CHILD), Err(HandleError::Stale));
    }
    assert_eq!(handles.resolve(OTHER, theirs, PARENT), Ok(0x1000));
}

#[test]
fn references_that_end_together_take_along_what_is_borrowed_through_them() {
    let handles = counting(true);
    let above = own(&handles, CHILD, 0x9000, None);
    let [first, _second] = [0; 2].map(|_| own(&handles, PARENT, 0x1000, Some(above)));
    let lent = handles.adopt(ONE, CHILD, 0x2000, Some(first), true).expect("room").word;
    assert_eq!(freed(&handles.close(ONE, above).expect("open")), [(10, 0x1000), (10, 0x1000), (11, 0x9000)]);
    assert_eq!(handles.resolve(ONE, lent, CHILD), Err(HandleError::Stale));
}
