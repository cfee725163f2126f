# Runs after `python/things/prelude.py`, which has `t` and `error`.
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
