# Runs after `python/things/prelude.py`, which has `t` and `error`.
import copy
odd = t.odd(1, self=2)
odd.__q += 4
print(odd, getattr(odd, '__q'), odd == t.odd(__q=5, self=2), odd._asdict(), copy.deepcopy(odd) == odd)
