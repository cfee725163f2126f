# Runs after `python/things/prelude.py`, which has `t` and `error`.
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
