//! Objects of the zone: each is ended exactly once, in order, whatever Python does with its handles; and a handle that is
//! wrong, stale or made up is an exception.

use crate::things::{check, run};

#[test]
fn objects_end_with_their_block_by_hand_and_when_forgotten() {
    check(
        include_str!("../python/handles/objects_end_with_their_block_by_hand_and_when_forgotten.py"),
        "<shelf handle of capability 'things'> True True
5 1
B S  True True
7 B S 
B S B S 
B S B S B  True 0
True 1 True
B S B S B B S  True True
0
",
    );
}

/// `int f(T **)`: C gets the address of a variable with the pointer, ends the object and clears the variable.
#[test]
fn an_object_may_end_in_a_variable() {
    check(
        include_str!("../python/handles/an_object_may_end_in_a_variable.py"),
        "NativeError: things.book_end() failed with -1
False 3
True 0 B 
StaleHandle: book_end(): b is closed
NativeError: things.book_end() failed with -1
True True 0
True 0
",
    );
}

#[test]
fn wrong_stale_and_guessed_handles_are_exceptions() {
    check(
        include_str!("../python/handles/wrong_stale_and_guessed_handles_are_exceptions.py"),
        "TypeError: book_pages(): b must be a book handle of capability 'things', not shelf
TypeError: book_pages(): b must be a book handle of capability 'things', not NoneType
TypeError: book_pages(): b must be a book handle of capability 'things', not int
TypeError: shelf objects are made by the library alone
StaleHandle: book_pages(): b is closed
StaleHandle: this book is closed
StaleHandle: book_pages(): b is closed
StaleHandle: this shelf is closed
NativeError: things.shelf_new() failed: it returned NULL
QuotaExceeded: things.shelf_new(): it would be one more shelf than the 20 that a client may hold (`max_live` in [types.shelf])
20
",
    );
}

#[test]
fn failures_are_the_classes_that_the_manifest_declares() {
    check(
        include_str!("../python/handles/failures_are_the_classes_that_the_manifest_declares.py"),
        "NoBook: things.book_new() failed with -2: no such book
True True True -2 no such book
ShelfError: things.book_new() failed with -3: no such book
True book_new
FileNotFoundError: [Errno 2] No such file or directory
True 2 No such file or directory -1
",
    );
}

#[test]
fn what_a_library_keeps_lives_as_long_as_its_handle() {
    check(
        include_str!("../python/handles/what_a_library_keeps_lives_as_long_as_its_handle.py"),
        "105 kept 
<buffer of capability 'things'> b'........'
b'...#....'
StaleHandle: sync(): a handle is closed
",
    );
}

/// A callable cannot close what the call under way uses, and that is all that happens.
#[test]
fn what_cannot_be_closed_now_stays() {
    check(
        include_str!("../python/handles/what_cannot_be_closed_now_stays.py"),
        "ValueError: this shelf is in use by a call that has not ended
False 0
7 False
True True
",
    );
}

/// What was made before the call that ends the zone is lost with it; what stands behind was not made.
#[test]
fn a_crash_in_a_batch_is_that_of_its_call() {
    let source = include_str!("../python/handles/a_crash_in_a_batch_is_that_of_its_call.py");
    let crashed = "things.crash(): the zone was ended by signal 11 (SIGSEGV)";
    let expected = [
        &format!("ZoneCrashed: {crashed}"),
        "2 [None] crash",
        &format!("{crashed} 1 []"),
        &format!("ZoneCrashed: {crashed}"),
        &format!("ZoneCrashed: {crashed}"),
        "RuntimeError: this call was not made: the batch ended before it",
    ];
    let output = run(source, "shared").ends_with(0);
    assert_eq!(output.stdout.lines().collect::<Vec<_>>(), expected, "{output}");
}

/// After a crash the handles of the zone that is gone are stale, and the next call starts another zone.
#[test]
fn handles_do_not_outlive_their_zone() {
    let source = include_str!("../python/handles/handles_do_not_outlive_their_zone.py");
    let output = run(source, "shared").ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("ZoneCrashed: things.crash(): the zone was ended by signal 11"), "{output}");
    let rest = [
        "True True",
        "StaleHandle: book_pages(): b is gone: its zone was ended by signal 11 (SIGSEGV) while it ran crash()",
        "StaleHandle: this shelf is gone: its zone was ended by signal 11 (SIGSEGV) while it ran crash()",
        "0",
        "StaleHandle: book_pages(): b is gone: its zone was ended by signal 11 (SIGSEGV) while it ran crash()",
        "0",
    ];
    assert_eq!(lines[1..], rest, "{output}");
}
