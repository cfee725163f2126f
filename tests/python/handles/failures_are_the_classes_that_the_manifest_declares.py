# Runs after `python/things/prelude.py`, which has `t` and `error`.
s = t.shelf_new()
e = error(t.book_new, s, -2)
print(isinstance(e, t.NoBook), isinstance(e, t.ShelfError), isinstance(e, cloison.NativeError), e.code, e.message)
e = error(t.book_new, s, -3)
print(type(e) is t.ShelfError, e.function)
e = error(t.find, '/nowhere')
print(isinstance(e, FileNotFoundError), e.errno, e.strerror, e.code)
