# Runs after `python/things/prelude.py`, which has `t` and `error`.
print(sum(t.nap.map([100] * 25)), sum(t.nap.map([0] * 500)))
e = error(t.nap.map, [0, 10, 0, 60000, 0])
print(e.index, e.results == [0, 10, 0][:len(e.results)], t.nap(1))
