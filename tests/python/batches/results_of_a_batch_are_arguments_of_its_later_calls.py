# Runs after `python/things/prelude.py`, which has `t` and `error`.
with t.batch() as b:
    s = b.shelf_new()
    book = b.book_new(s, 33)
    pages = b.book_pages(book)
    more = b.add(b.shelf_books(s), b'\5')
    text = b.ended()
    print(s, pages.done)
    error(lambda: pages.value)
print(pages.value, more.value, s.value, book.value, repr(text.value))
print(t.book_pages(book.value), t.shelf_books(s.value))
kept = book.value
del s, book, b
print(t.book_pages(kept))
