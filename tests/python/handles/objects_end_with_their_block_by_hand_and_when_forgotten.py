# Runs after `python/things/prelude.py`, which has `t` and `error`.
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
