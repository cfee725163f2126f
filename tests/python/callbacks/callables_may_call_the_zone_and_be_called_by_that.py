# Runs after `python/things/prelude.py`, which has `t` and `error`.
print(t.each(3, lambda i: t.each(i + 1, lambda j: t.add(bytes([i, j])) + 0)))
data = bytes(range(256)) * 40
def inner(i):
    return t.add(data) % 1000 + t.each(2, lambda j: len(bytes(t.pattern(j + 1000))))
print(t.each(3, inner), t.add(data))
def deep(n):
    return t.each(1, lambda i: deep(n - 1)) if n else 42
print(deep(8))
error(deep, 9)
print(deep(8))
made = []
print(t.each(3, lambda i: made.append(t.shelf_new()) or t.shelf_books(made[-1])), [s.closed for s in made])
print(t.each(200, lambda i: t.shelf_books(t.shelf_new())))
