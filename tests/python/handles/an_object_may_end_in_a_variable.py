# Runs after `python/things/prelude.py`, which has `t` and `error`.
s = t.shelf_new()
b = t.book_new(s, 3)
error(t.book_end, b, 1)
print(b.closed, t.book_pages(b))
t.book_end(b, 0)
print(b.closed, t.shelf_books(s), t.ended())
error(t.book_end, b, 0)
error(t.book_end, None, 0)
one, other, forgotten = t.leaf_new(), t.leaf_new(), t.leaf_new()
t.leaf_free(one)
other.close()
del forgotten
print(one.closed, other.closed, t.leaf_count())
with t.batch() as batch:
    made = batch.book_new(s, 4)
    batch.book_end(made, 0)
print(made.value.closed, t.shelf_books(s))
