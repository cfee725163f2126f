# Runs after `python/things/prelude.py`, which has `t` and `error`.

where = []
def spin(i):
    try:
        while True: where.append(0) if len(where) < 5 else None
    except TimeoutError as e:
        where.append(e)
        raise
e = error(t.each, 3, spin)
print(e.callback, type(where[-1]).__name__)
def stubborn(i):
    try:
        while True: pass
    except TimeoutError:
        return 1
e = error(t.each, 3, stubborn)
def inside(i):
    return t.each(1, spin)
e = error(t.each, 1, inside)
print(t.each(2, lambda i: 1))
for _ in range(100_000): pass
