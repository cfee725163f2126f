# Runs after `python/things/prelude.py`, which has `t` and `error`.
import time
s = t.shelf_new()
def slow(i):
    time.sleep(5)
    return 1
e = error(t.each, 3, slow)
print(e.callback, e.function, isinstance(e, TimeoutError))
print(t.each(2, lambda i: 1), s.closed)
