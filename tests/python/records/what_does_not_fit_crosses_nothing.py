# Runs after `python/things/prelude.py`, which has `t` and `error`.
before = t.made()
error(t.moved, t.point('x'), 1)
error(t.older, t.person(age=128))
error(t.older, t.person(color=2))
error(t.older, {'nobody': 1})
error(t.moved, 5, 1)
error(t.weight, [t.point(), {'x': None}])
print(t.made() - before)
