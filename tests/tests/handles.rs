//! Objects of the zone: each is ended exactly once, in order, whatever Python does with its handles; and a handle that is
//! wrong, stale or made up is an exception.

use crate::things::{check, run};

#[test]
fn objects_end_with_their_block_by_hand_and_when_forgotten() {
    check(
        "
with t.shelf_new() as s:
    print(s, isinstance(s, t.shelf), isinstance(s, cloison.Handle))
    b = t.book_new(s, 5)
    print(t.book_pages(b), t.shelf_books(s))
print(t.ended(), s.closed, b.closed)
b = t.book_new(t.shelf_new(), 7)
print(t.book_pages(b), t.ended())
del b
print(t.ended())
s = t.shelf_new()
b = t.book_new(s, 1)
t.book_burn(b)
print(t.ended(), b.closed, t.shelf_books(s))
b = t.book_new(s, 2)
same = t.book_shelf(b)
print(same == s, t.shelf_books(same), hash(same) == hash(s))
b.close()
t.shelf_free(s)
print(t.ended(), s.closed, same.closed)
s = t.shelf_new()
for i in range(100):
    t.book_new(s, i)
print(t.shelf_books(s))
",
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

#[test]
fn wrong_stale_and_guessed_handles_are_exceptions() {
    check(
        "
s = t.shelf_new()
b = t.book_new(s, 1)
error(t.book_pages, s)
error(t.book_pages, None)
error(t.book_pages, 1 << 32)
error(t.shelf)
b.close()
error(t.book_pages, b)
error(b.close)
b = t.book_new(s, 1)
s.close()
error(t.book_pages, b)
error(s.__enter__)
error(t.shelf_new, 1)
kept = []
e = error(lambda: [kept.append(t.shelf_new()) for _ in range(30)])
print(len(kept))
",
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
        "
s = t.shelf_new()
e = error(t.book_new, s, -2)
print(isinstance(e, t.NoBook), isinstance(e, t.ShelfError), isinstance(e, cloison.NativeError), e.code, e.message)
e = error(t.book_new, s, -3)
print(type(e) is t.ShelfError, e.function)
e = error(t.find, '/nowhere')
print(isinstance(e, FileNotFoundError), e.errno, e.strerror, e.code)
",
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
        "
s = t.shelf_new()
b = t.book_new(s, 1)
t.book_note(b, 'kept ' + 'x' * 100)
t.add(b'y' * 100000)
print(len(t.book_noted(b)), t.book_noted(b)[:5])
room = t.book_fill(b, 8)
print(room, room.sync())
t.book_write(b, 3, ord('#'))
print(room.sync())
b.close()
error(room.sync)
",
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
        "
s = t.shelf_new()
def f(books):
    error(s.close)
    print(s.closed, t.shelf_books(s))
    return 7
t.watch(s, f)
print(t.tell(s), s.closed)
b = t.book_new(s, 1)
t.watch(s, None)
s.close()
print(s.closed, b.closed)
",
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
    let source = "
e = error(t.crash.map, [0, 0, 1, 0])
print(e.index, e.results[:1], e.function)
try:
    with t.batch() as b:
        first, second, third = b.made(), b.crash(1), b.made()
except Exception as e:
    print(e, e.index, e.results)
for pending in first, second, third:
    error(lambda: pending.value)
";
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
    let source = "
s = t.shelf_new()
b = t.book_new(s, 1)
e = error(t.crash, 1)
print(s.closed, b.closed)
error(t.book_pages, b)
error(s.close)
s = t.shelf_new()
print(t.shelf_books(s))
error(t.book_pages, b)
del b
print(t.shelf_books(s))
";
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
