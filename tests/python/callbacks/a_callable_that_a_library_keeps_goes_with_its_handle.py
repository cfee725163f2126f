# Runs after `python/things/prelude.py`, which has `t` and `error`.
import weakref
class Watcher:
    def __call__(self, books):
        return 100 + books
w = Watcher()
gone = weakref.ref(w)
s = t.shelf_new()
print(t.tell(s))
t.watch(s, w)
del w
b = t.book_new(s, 1)
print(t.tell(s), gone() is None)
s.close()
print(gone() is None)
u = Watcher()
gone = weakref.ref(u)
print(t.each(1, lambda i, u=u: u(i)))
del u
print(gone() is None)
s = t.shelf_new()
t.watch(s, None)
print(t.tell(s))
def late(books): raise ValueError('late')
t.watch(s, late)
error(t.tell, s)
