"""Objects and callables end with the capability that they came by."""

import cloison

FOUND = []


def raised(call, *arguments):
    try:
        call(*arguments)
    except (cloison.Error, TypeError) as error:
        return type(error).__name__
    return None


def handles(things):
    narrowed = things.narrow()
    below = narrowed.narrow()
    shelf, other = narrowed.shelf_new(), below.shelf_new()
    book = narrowed.book_new(shelf, 7)
    mine = things.shelf_new()
    assert narrowed.book_pages(book) == 7
    # It is an object of that capability and of no other, not even of the one that this comes from.
    for capability in (things, below):
        assert raised(capability.shelf_books, shelf) == "TypeError", capability
    narrowed.revoke()
    assert shelf.closed and book.closed and other.closed and not mine.closed
    for capability, function, handle in (
        (things, "shelf_books", shelf),
        (things, "book_pages", book),
        (things, "shelf_books", other),
        (narrowed, "shelf_books", shelf),
        (below, "shelf_books", other),
    ):
        told = raised(getattr(capability, function), handle)
        assert told in ("TypeError", "StaleHandle", "Revoked"), (function, told)
    assert things.shelf_books(mine) == 0
    mine.close()


def callables(things):
    narrowed = things.narrow()
    seen = []

    def revokes(index, *_):
        seen.append(index)
        narrowed.revoke()
        return 0

    assert raised(narrowed.each, 5, revokes) == "Revoked"
    # C would have called it four times more.
    assert seen == [0], seen
    assert raised(narrowed.each, 1, revokes) == "Revoked" and seen == [0]


def kept(things):
    """A callable that the library keeps for an object."""
    narrowed = things.narrow()
    seen = []
    shelf = narrowed.shelf_new()
    narrowed.watch(shelf, lambda books: seen.append(books) or books)
    assert narrowed.tell(shelf) == 0 and seen == [0]
    narrowed.revoke()
    assert raised(narrowed.tell, shelf) in ("Revoked", "StaleHandle")
    assert raised(things.tell, shelf) in ("TypeError", "StaleHandle")
    # Whatever the library does with what it had kept, nobody hears of it.
    mine = things.shelf_new()
    assert things.tell(mine) <= 0 and things.each(2, lambda index: 0) is not None
    assert seen == [0], seen


if __name__ == "__main__":
    things = cloison.capability("things")
    for test in (handles, callables, kept):
        test(things)
    print("nothing outlives it")
