# Runs after `python/things/prelude.py`, which has `t` and `error`.
print(t.moved(t.point(1, 2), 0.5), t.moved({'y': 1}, 1))
p = t.point(x=3.0)
print(t.mirror(p), p, t.mirror({'x': 1, 'y': 2}))
print(t.weight([t.point(1, 2), {'x': 3, 'y': 4}]), t.weight([]), t.scale([p, p], 2))
anna = t.person('Anna', 'a@b.c', at=p, age=41, side=-4, here=True, color=t.color.BLUE, raw=b'abc', counts=[-5, 7],
                corners=[p, t.point(y=9)], half=0.5, big=2**64 - 1)
result, older = t.older(anna)
print(result, older)
anna.age = 42
print(older == anna, t.older({'name': 'Bo'}))
full = t.older({'name': 'EIGHTCHR'})[1]
print(full.name, t.older(full)[1].name)
error(t.older, {'name': 'NINECHARS'})
error(t.older, None)
