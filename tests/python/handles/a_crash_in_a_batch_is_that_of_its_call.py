# Runs after `python/things/prelude.py`, which has `t` and `error`.
e = error(t.crash.map, [0, 0, 1, 0])
print(e.index, e.results[:1], e.function)
try:
    with t.batch() as b:
        first, second, third = b.made(), b.crash(1), b.made()
except Exception as e:
    print(e, e.index, e.results)
for pending in first, second, third:
    error(lambda: pending.value)
