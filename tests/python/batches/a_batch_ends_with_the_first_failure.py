# Runs after `python/things/prelude.py`, which has `t` and `error`.
before = t.made()
try:
    with t.batch() as b:
        one, two, three = b.checked(1), b.checked(-2), b.checked(3)
except cloison.NativeError as e:
    print(e, e.index, e.results, t.made() - before)
print(one.value, one.done, two.done, three.done)
error(lambda: two.value)
error(lambda: three.value)
try:
    with t.batch() as b:
        never = b.checked(1)
        error(b.checked, 'x')
        error(b.book_pages, never)
        raise KeyError
except KeyError:
    print(never.done, t.made() - before)
error(b.checked, 1)
with t.batch() as b:
    many = [b.add(bytes([i % 256]) * 1000) for i in range(3000)]
    last = b.add(many[1], b'\1')
print([p.value for p in many] == [i % 256 * 1000 for i in range(3000)], last.value)
with t.batch() as b:
    sums = [b.each(i, lambda j: j) for i in range(4)]
print([p.value for p in sums])
