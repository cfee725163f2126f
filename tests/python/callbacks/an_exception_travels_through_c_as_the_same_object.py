# Runs after `python/things/prelude.py`, which has `t` and `error`.
import traceback
class Mine(Exception): pass
mine = Mine('it is me')
asked = []
def f(i):
    asked.append(i)
    if i == 1:
        raise mine
    return i
try:
    t.each(5, f)
except Mine as e:
    print(e is mine, asked, [frame.name for frame in traceback.extract_tb(e.__traceback__)])
for kind in KeyboardInterrupt, SystemExit:
    def g(i): raise kind
    try:
        t.each(2, g)
    except kind:
        print(kind.__name__)
def h(i):
    try:
        t.each(3, f)
    except Mine:
        return 5
print(t.each(2, h))
error(t.each, 2, lambda i: 'text')
error(t.each, 2, lambda i: 2**40)
error(t.each, 2, lambda: 0)
error(t.map_point, {}, lambda p: None)
error(t.each, 2, 'no')
error(t.elsewhere, lambda i: 1 // 0)
print(t.each(2, lambda i: 1))
