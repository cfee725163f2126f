# Runs after `python/things/prelude.py`, which has `t` and `error`.
import time
asked = []
def slow(i):
    asked.append(i)
    time.sleep(0.05)
    return 1
e = error(t.each, 1_000_000, slow)
print(e.callback, e.function, e.deadline, len(asked) < 40)
print(t.each(2, lambda i: 1))
