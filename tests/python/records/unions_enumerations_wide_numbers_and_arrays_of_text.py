# Runs after `python/things/prelude.py`, which has `t` and `error`.
print(t.twice(t.variant(0, t.value(i=21))), t.twice({'kind': 1, 'u': {'d': 0.25}}))
error(t.twice, t.variant(1, t.value(i=1)))
print(repr(t.next_color(t.color.RED)), repr(t.next_color(4)))
error(t.next_color, 2)
print(t.third(1), t.third(-0.75), t.turned(1 + 2j), t.turned(3))
print(t.letters(['ab', b'c', None, 'grü']), t.letters([]))
print(t.LIMIT, t.TITLE, sorted(set(dir(t)) & {'point', 'color', 'shelf', 'NoBook', 'LIMIT', 'each', 'book_free'}))
