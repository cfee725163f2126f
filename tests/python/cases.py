"""Calls of zlib and libm with generated inputs, one line of JSON each. Run by CPython with its own modules and by a
microprocess with the bundled bindings; both must print the same."""

import json
import sys

try:
    import cloison

    z, m = cloison.capability("zlib"), cloison.capability("libm")
except ImportError:
    import math
    import zlib
    from fractions import Fraction
    from types import SimpleNamespace

    z = SimpleNamespace(
        version=lambda: zlib.ZLIB_RUNTIME_VERSION,
        crc32=lambda crc, buf: zlib.crc32(buf, crc),
        adler32=lambda adler, buf: zlib.adler32(buf, adler),
        compress2=lambda source, level=-1: zlib.compress(source, level),
        uncompress=zlib.decompress,
    )
    m = SimpleNamespace(
        fma=lambda x, y, z: float(Fraction(x) * Fraction(y) + Fraction(z)),
        tgamma=math.gamma,
        **{name: getattr(math, name) for name in (
            "sqrt cbrt hypot pow exp log sin cos atan2 erf fmod nextafter ldexp frexp modf".split()
        )},
    )

state = 20240229


def random(limit):
    """The next number below `limit`, the same everywhere."""
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 33) % limit


def number(least, most):
    return least + (most - least) * random(2**31) / 2**31


def blob(size):
    alphabet = 1 + random(256)
    return bytes(random(alphabet) for _ in range(size))


def show(name, arguments, result):
    if isinstance(result, bytes):
        result = result.hex() if len(result) < 64 else [len(result), z.crc32(0, result)]
    print(json.dumps([name, arguments, repr(result) if isinstance(result, (float, tuple)) else result]))


show("version", [], z.version())
for size in [0, 1, 2, 7, 100, 4095, 4096, 4097, 20000, 70000] + [random(3000) for _ in range(30)]:
    data = blob(size)
    start = random(2**32)
    show("crc32", [start, size], z.crc32(start, data))
    show("adler32", [1, size], z.adler32(1, data))
    assert z.uncompress(z.compress2(data, 0)) == data
    # Not 0: how stored data is cut into blocks depends on the room, which CPython gives piece by piece.
    level = random(10) or -1
    packed = z.compress2(data, level)
    show("compress2", [size, level], packed)
    show("uncompress", [size], z.uncompress(packed))
    assert z.uncompress(packed) == data

for _ in range(200):
    x, y, w = number(-50, 50), number(-50, 50), number(-1e6, 1e6)
    n = random(400) - 200
    show("sqrt", [x], m.sqrt(abs(x)))
    show("cbrt", [x], m.cbrt(x))
    show("hypot", [x, y], m.hypot(x, y))
    show("pow", [x, y], m.pow(abs(x), y))
    show("exp", [x], m.exp(x))
    show("log", [x], m.log(abs(x) + 1e-300))
    show("sin", [x], m.sin(x))
    show("cos", [x], m.cos(x))
    show("atan2", [x, y], m.atan2(x, y))
    show("erf", [x], m.erf(x / 20))
    show("tgamma", [x], m.tgamma(abs(x) + 0.01))
    show("fma", [x, y, w], m.fma(x, y, w))
    show("fmod", [x, y], m.fmod(w, y))
    show("nextafter", [x, y], m.nextafter(x, y))
    show("ldexp", [x, n], m.ldexp(x, n))
    show("frexp", [w], m.frexp(w))
    show("modf", [x], m.modf(x))
