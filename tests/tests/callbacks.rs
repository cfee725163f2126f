//! C calls Python: values both ways, calls inside of calls, exceptions that travel through C, deadlines, other threads.

use crate::things::{self, check};

#[test]
fn callables_get_values_and_give_values() {
    check(
        "
print(t.each(4, lambda i: i * i))
print(t.map_point(t.point(1, 2), lambda p: t.point(p.y, p.x)), t.map_point({}, lambda p: {'x': 5}))
print(list(t.sort([3, -1, 2, 10], lambda a, b: a - b)), list(t.sort([1, 2, 3], lambda a, b: b - a)))
seen = []
print(t.words('ein zwei drei', lambda word, length: seen.append((word, length)) or 1), seen)
print(t.elsewhere(lambda i: i * 2))
",
        "14
point(x=2.0, y=1.0) point(x=5.0, y=0.0)
[-1, 2, 3, 10] [3, 2, 1]
3 [('ein', 3), ('zwei', 4), ('drei', 4)]
22
",
    );
}

#[test]
fn callables_may_call_the_zone_and_be_called_by_that() {
    check(
        "
print(t.each(3, lambda i: t.each(i + 1, lambda j: t.add(bytes([i, j])) + 0)))
data = bytes(range(256)) * 40
def inner(i):
    return t.add(data) % 1000 + t.each(2, lambda j: len(bytes(t.pattern(j + 1000))))
print(t.each(3, inner), t.add(data))
def deep(n):
    return t.each(1, lambda i: deep(n - 1)) if n else 42
print(deep(8))
error(deep, 9)
print(deep(8))
made = []
print(t.each(3, lambda i: made.append(t.shelf_new()) or t.shelf_books(made[-1])), [s.closed for s in made])
print(t.each(200, lambda i: t.shelf_books(t.shelf_new())))
",
        "12
7803 1305600
42
QuotaExceeded: things.each(): callbacks are nested more than 8 deep
42
0 [False, False, False]
0
",
    );
}

#[test]
fn an_exception_travels_through_c_as_the_same_object() {
    check(
        "
import traceback
class Mine(Exception): pass
mine = Mine('it is me')
asked = []
def f(i):
    asked.append(i)
    if i == 1:
        raise mine
    return i
try:
    t.each(5, f)
except Mine as e:
    print(e is mine, asked, [frame.name for frame in traceback.extract_tb(e.__traceback__)])
for kind in KeyboardInterrupt, SystemExit:
    def g(i): raise kind
    try:
        t.each(2, g)
    except kind:
        print(kind.__name__)
def h(i):
    try:
        t.each(3, f)
    except Mine:
        return 5
print(t.each(2, h))
error(t.each, 2, lambda i: 'text')
error(t.each, 2, lambda i: 2**40)
error(t.each, 2, lambda: 0)
error(t.map_point, {}, lambda p: None)
error(t.each, 2, 'no')
error(t.elsewhere, lambda i: 1 // 0)
print(t.each(2, lambda i: 1))
",
        "True [0, 1] ['<module>', 'f']
KeyboardInterrupt
SystemExit
10
TypeError: each(): the value of f must be an int, not str
OverflowError: each(): the value of f is 1099511627776, and its C type holds -2147483648 to 2147483647
TypeError: <lambda>() takes 0 positional arguments but 1 was given
TypeError: map_point(): the value of f must be point or a mapping, not NoneType
TypeError: each(): f must be callable, not str
ZeroDivisionError: division by zero
2
",
    );
}

#[test]
fn a_callable_that_takes_too_long_ends_its_call_and_not_the_zone() {
    check(
        "
import time
s = t.shelf_new()
def slow(i):
    time.sleep(0.5)
    return 1
e = error(t.each, 3, slow)
print(e.callback, e.function, isinstance(e, TimeoutError))
print(t.each(2, lambda i: 1), s.closed)
",
        "DeadlineExceeded: things.each(): the callable f did not return within 200ms
f each True
2 False
",
    );
}

/// It gets the exception where it is, and may even go on: nobody waits for what it says.
#[test]
fn a_callable_that_never_ends_is_interrupted() {
    check(
        "
import time
where = []
def spin(i):
    try:
        while True: where.append(0) if len(where) < 5 else None
    except TimeoutError as e:
        where.append(e)
        raise
began = time.monotonic()
e = error(t.each, 3, spin)
print(e.callback, type(where[-1]).__name__, time.monotonic() - began < 5)
def stubborn(i):
    try:
        while True: pass
    except TimeoutError:
        return 1
e = error(t.each, 3, stubborn)
def inside(i):
    return t.each(1, spin)
e = error(t.each, 1, inside)
print(t.each(2, lambda i: 1))
for _ in range(100_000): pass
",
        "DeadlineExceeded: things.each(): the callable f did not return within 200ms
f DeadlineExceeded True
DeadlineExceeded: things.each(): the callable f did not return within 200ms
DeadlineExceeded: things.each(): the callable f did not return within 200ms
2
",
    );
}

/// Each run has its 200 ms, and C would go on for ever.
#[test]
fn callables_of_one_call_share_a_time() {
    let source = "
import time
asked = []
def slow(i):
    asked.append(i)
    time.sleep(0.05)
    return 1
e = error(t.each, 1_000_000, slow)
print(e.callback, e.function, e.deadline, len(asked) < 10)
print(t.each(2, lambda i: 1))
";
    let zone = include_str!("../c/things.zone.toml").replace("[sandbox]\n", "[sandbox]\ncallables = \"150 ms\"\n");
    let output = things::project(source, "shared").file("things.zone.toml", &zone).main(&[]).output().ends_with(0);
    let expected = "DeadlineExceeded: things.each(): its callables took longer together than they may: f of each ran when \
                    the callables of this call had taken 150ms together, which is all they may (`callables` of the outermost \
                    function, or under [sandbox])\nf each 0.15 True\n2\n";
    assert_eq!(output.stdout, expected, "{output}");
}

#[test]
fn a_callable_that_a_library_keeps_goes_with_its_handle() {
    check(
        "
import weakref
class Watcher:
    def __call__(self, books):
        return 100 + books
w = Watcher()
gone = weakref.ref(w)
s = t.shelf_new()
print(t.tell(s))
t.watch(s, w)
del w
b = t.book_new(s, 1)
print(t.tell(s), gone() is None)
s.close()
print(gone() is None)
u = Watcher()
gone = weakref.ref(u)
print(t.each(1, lambda i, u=u: u(i)))
del u
print(gone() is None)
s = t.shelf_new()
t.watch(s, None)
print(t.tell(s))
def late(books): raise ValueError('late')
t.watch(s, late)
error(t.tell, s)
",
        "-7
101 False
True
100
True
-7
ValueError: late
",
    );
}
