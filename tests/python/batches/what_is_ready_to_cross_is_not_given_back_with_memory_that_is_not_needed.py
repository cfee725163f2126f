# Runs after `python/things/prelude.py`, which has `t` and `error`.
for size in 913408, 1048576 - 110692, 1048576:
    t.joined(bytes(3 << 20), b'')
    for _ in range(63):
        t.joined(b'', b'a')
    print(set(t.joined.map([b'1' * 100] * 8192, key=bytes(size))))
