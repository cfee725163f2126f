# Runs after `python/things/prelude.py`, which has `t` and `error`.
from cloison import receive, spawn


def has_its_own(to):
    shelf = t.shelf_new()
    book = t.book_new(shelf, 1)
    to.send(t.shelf_books(shelf))
    to.send(attempt(lambda: to.send(shelf)))
    receive()


def was_given_nothing(to):
    to.send(attempt(lambda: t.shelf_new()))


def attempt(work):
    try:
        return work()
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]


if __name__ == "__main__":
    me = cloison.self()
    shelf = t.shelf_new()
    book = t.book_new(shelf, 5)
    print(attempt(lambda: me.send(shelf)))
    print(attempt(lambda: me.send({"in": [shelf]})))
    print(attempt(lambda: spawn(was_given_nothing, shelf)))
    print(attempt(lambda: me.send(t)))
    child = spawn(has_its_own, me, capabilities=["things"], monitor=True)
    print(receive(timeout=300), receive(timeout=300))
    child.kill()
    print(receive(cloison.Down, timeout=300).reason)
    print("this process's is still there:", t.shelf_books(shelf), t.book_pages(book), shelf.closed)
    # Its import of this program asks for the capability already.
    spawn(was_given_nothing, me, monitor=True)
    print(receive(cloison.Down, timeout=300).reason)
