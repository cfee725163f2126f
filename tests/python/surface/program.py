# For tests/tests/surface.rs.
import cloison, gc, sys, time, traceback
n = cloison.capability("surface")

def raised(function, *arguments, **named):
    """The exception's class and what it says of itself."""
    try:
        return function(*arguments, **named)
    except Exception as error:
        names = ("code", "message", "callback", "index")
        return type(error).__name__, {name: getattr(error, name) for name in names if getattr(error, name, None) is not None}

def fails(error):
    def callable(*arguments):
        raise error
    return callable

def descend(depth):
    """How deep it got."""
    return n.repeat(1, lambda sum, index: 1 + descend(depth - 1)) if depth else 0

def library(*names):
    """A shelf with books."""
    shelf = n.shelf()
    return (shelf, *[n.book(shelf) for _ in names])

def closed(*order):
    objects = library("one", "two")
    for index in order:
        objects[index].close()
    return [item.closed for item in objects]

def collected():
    library("one", "two")
    gc.collect()

def burnt(nothing=None):
    shelf, book = library("one")
    n.burn(book)
    return raised(n.book_number, book)[0], book.closed

def borrowed():
    shelf, book = library("one")
    same = n.shelf_first(shelf)
    return n.book_number(same) == n.book_number(book), n.book_shelf(book) is not None

def after_close():
    shelf, book = library("one")
    shelf.close()
    return [raised(f)[0] for f in (lambda: n.book_number(book), lambda: n.shelf_label(shelf), shelf.close)]

def too_many():
    shelf = n.shelf()
    books = [n.book(shelf) for _ in range(3)]
    first = raised(n.book, shelf)
    books[0].close()
    return isinstance(first, tuple), raised(n.book, shelf).__class__.__name__

def notified():
    numbers = []
    with n.shelf(numbers.append) as shelf:
        for _ in range(3):
            n.book(shelf).close()
    return [number - numbers[0] for number in numbers]

def pipelined():
    with cloison.batch(n) as batch:
        shelf = batch.shelf(None, "in a batch")
        label = batch.shelf_label(shelf)
        book = batch.book(shelf)
        number = batch.book_number(book)
    return label.value, number.value == n.book_number(book.value), shelf.value.closed

def broken():
    with cloison.batch(n) as batch:
        one, two, three = batch.fail(0), batch.fail(3), batch.fail(0)

def viewed():
    view = n.view_bytes(5)
    before = bytes(view), view[1:3], view.closed
    n.view_bytes(3)
    return *before, view.closed, raised(bytes, view)[0]

for line in sys.stdin.read().splitlines():
    n.seen()
    try:
        value = repr(eval(line))
    except Exception as error:
        value = "".join(traceback.format_exception_only(error)).strip()
    print(value, "|", n.seen())
