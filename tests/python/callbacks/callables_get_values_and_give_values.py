# Runs after `python/things/prelude.py`, which has `t` and `error`.
print(t.each(4, lambda i: i * i))
print(t.map_point(t.point(1, 2), lambda p: t.point(p.y, p.x)), t.map_point({}, lambda p: {'x': 5}))
print(list(t.sort([3, -1, 2, 10], lambda a, b: a - b)), list(t.sort([1, 2, 3], lambda a, b: b - a)))
seen = []
print(t.words('ein zwei drei', lambda word, length: seen.append((word, length)) or 1), seen)
print(t.elsewhere(lambda i: i * 2))
