//! Many calls in one crossing: the results are those of single calls, in order, and the first failure is the last call.

use crate::things::check;

#[test]
fn a_map_is_a_call_for_each_item() {
    check(
        "
print(t.add.map([b'\\1', bytearray(b'\\2\\3'), memoryview(b'')]), t.add.map([b'\\1'] * 3, sum=10), t.add.map([]))
before = t.made()
print(t.add.map(bytes([i % 256]) * 3 for i in range(20000)) == [i % 256 * 3 for i in range(20000)], t.made() - before)
print(t.moved.map([({'x': i}, 1) for i in range(3)])[2], t.mirror.map([t.point(1, 2)] * 2))
print(t.add.map([b'x' * 1000000] * 20) == [120000000] * 20)
before = t.made()
e = error(t.checked.map, [1, 2, -5, 3])
print(e.index, e.results, t.made() - before)
e = error(t.checked.map, [1, 'x', 3])
print(e.index, e.results)
s = t.shelf_new()
books = t.book_new.map(range(5), s=s)
print(t.shelf_books(s), t.book_pages.map(books))
e = error(t.book_new.map, [1, 2, -2, 3], s=s)
print(e.index, e.results, t.shelf_books(s))
print(t.each.map([2, 3], f=lambda i: i + 1))
error(t.each.map, [2, 3], f=lambda i: 1 // 0)
print([list(x) for x in t.sort.map([[2, 1], [3, 1, 2]], compare=lambda a, b: a - b)])
",
        "[1, 5, 0] [11, 11, 11] []
True 20000
point(x=3.0, y=-1.0) [point(x=2.0, y=1.0), point(x=2.0, y=1.0)]
True
NativeError: things.checked() failed with -5
2 [2, 4] 3
TypeError: checked(): x must be an int, not str
1 [2]
5 [0, 1, 2, 3, 4]
NoBook: things.book_new() failed with -2: no such book
2 [<book handle of capability 'things'>, <book handle of capability 'things'>] 7
[3, 6]
ZeroDivisionError: division by zero
[[1, 2], [1, 2, 3]]
",
    );
}

#[test]
fn crossings_of_a_long_map_overlap_and_their_results_do_not_show_it() {
    check(
        "
class Index:
    def __init__(self, i):
        self.i = i
    def __index__(self):
        calls.append(t.add(bytes([self.i % 256])))
        return self.i

calls = []
numbers = list(range(3000))
doubled = [2 * i for i in numbers]
print(t.checked.map(numbers) == doubled, t.crash.map([0] * 300) == [None] * 300)
mixed = list(numbers)
mixed[0] = mixed[1] = False
mixed[700], mixed[2999] = Index(700), Index(2999)
print([i for i, (x, y) in enumerate(zip(t.checked.map(mixed), doubled)) if x != y], calls)
for wrong in -1, 'x', 2**40:
    before = t.made()
    e = error(t.checked.map, numbers[:700] + [wrong] + numbers[701:])
    print(e.index, e.results == doubled[:700], t.made() - before)
texts = [bytes([i % 200]) * (i % 7) for i in numbers]
texts[900] = b'\\1' * 100000
texts[901] = b'\\2' * 65536
texts[2000] = bytearray(b'\\3')
print(t.add.map(texts) == [sum(x) for x in texts], t.add.map(texts, sum=5)[900])
e = error(t.crash.map, [0] * 700 + [1] + [0] * 700)
print(e.index, e.results == [None] * len(e.results), t.checked.map(numbers) == doubled)
",
        "True True
[1] [188, 183]
NativeError: things.checked() failed with -1
700 True 701
TypeError: checked(): x must be an int, not str
700 True 700
OverflowError: checked(): x is 1099511627776, and its C type holds -2147483648 to 2147483647
700 True 700
True 100005
ZoneCrashed: things.crash(): the zone was ended by signal 11 (SIGSEGV)
700 True True
",
    );
}

#[test]
fn what_is_ready_to_cross_is_not_given_back_with_memory_that_is_not_needed() {
    check(
        "
for size in 913408, 1048576 - 110692, 1048576:
    t.joined(bytes(3 << 20), b'')
    for _ in range(63):
        t.joined(b'', b'a')
    print(set(t.joined.map([b'1' * 100] * 8192, key=bytes(size))))
",
        "{100}
{100}
{100}
",
    );
}

#[test]
fn each_call_of_a_map_has_its_own_deadline() {
    check(
        "
print(sum(t.nap.map([50] * 25)), sum(t.nap.map([0] * 500)))
e = error(t.nap.map, [0, 10, 0, 60000, 0])
print(e.index, e.results == [0, 10, 0][:len(e.results)], t.nap(1))
",
        "1250 0
DeadlineExceeded: things.nap() did not end within 1s
3 True 1
",
    );
}

#[test]
fn results_of_a_batch_are_arguments_of_its_later_calls() {
    check(
        "
with t.batch() as b:
    s = b.shelf_new()
    book = b.book_new(s, 33)
    pages = b.book_pages(book)
    more = b.add(b.shelf_books(s), b'\\5')
    text = b.ended()
    print(s, pages.done)
    error(lambda: pages.value)
print(pages.value, more.value, s.value, book.value, repr(text.value))
print(t.book_pages(book.value), t.shelf_books(s.value))
kept = book.value
del s, book, b
print(t.book_pages(kept))
",
        "<pending result of things.shelf_new()> False
RuntimeError: this call has not been made yet: a batch runs when its `with` block ends
33 6 <shelf handle of capability 'things'> <book handle of capability 'things'> ''
33 1
33
",
    );
}

#[test]
fn a_batch_ends_with_the_first_failure() {
    check(
        "
before = t.made()
try:
    with t.batch() as b:
        one, two, three = b.checked(1), b.checked(-2), b.checked(3)
except cloison.NativeError as e:
    print(e, e.index, e.results, t.made() - before)
print(one.value, one.done, two.done, three.done)
error(lambda: two.value)
error(lambda: three.value)
try:
    with t.batch() as b:
        never = b.checked(1)
        error(b.checked, 'x')
        error(b.book_pages, never)
        raise KeyError
except KeyError:
    print(never.done, t.made() - before)
error(b.checked, 1)
with t.batch() as b:
    many = [b.add(bytes([i % 256]) * 1000) for i in range(3000)]
    last = b.add(many[1], b'\\1')
print([p.value for p in many] == [i % 256 * 1000 for i in range(3000)], last.value)
with t.batch() as b:
    sums = [b.each(i, lambda j: j) for i in range(4)]
print([p.value for p in sums])
",
        "things.checked() failed with -2 1 [2] 2
2 True False False
NativeError: things.checked() failed with -2
RuntimeError: this call was not made: the batch ended before it
TypeError: checked(): x must be an int, not str
TypeError: book_pages(): b cannot be the result of checked() in the same batch: numbers and handles of the right type can
False 2
RuntimeError: this batch is over
True 1001
[0, 0, 1, 3]
",
    );
}

/// A number that may be missing has a word in front that says whether it is there; a link fills in both.
#[test]
fn the_result_of_a_call_is_an_argument_that_may_be_none() {
    check(
        "
print(t.color_or_red(None) == t.color.RED, t.color_or_red(4) == t.color.GREEN)
with t.batch() as b:
    green = b.next_color(t.color.RED)
    linked, missing = b.color_or_red(green), b.color_or_red(None)
print(linked.value == t.color.GREEN, missing.value == t.color.RED)
error(t.color_or_red, 2)
",
        "True True
True True
ValueError: color_or_red(): maybe is 2, which is no color
",
    );
}
