# For tests/tests/no_native_access.rs.
import sys
def victim(a, b=2, *c, d=4):
    x = [a, b]
    for y in c:
        x.append(y)
    return x, d
state = int(sys.argv[2])
def random():
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return state >> 33
for _ in range(40):
    code = victim.__code__
    raw = bytearray(code.co_code)
    for _ in range(1 + random() % 4):
        raw[random() % len(raw)] = random() % 256
    try:
        victim.__code__ = code.replace(co_code=bytes(raw), co_stacksize=random() % 4)
        victim(1, 2, 3)
    except BaseException:
        pass
    victim.__code__ = code
print("survived")
