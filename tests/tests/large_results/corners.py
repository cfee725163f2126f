"""Results of every kind, while there is almost no memory left: each call gives its value or a MemoryError, and the program goes on."""

from cloison import capability

lib = capability("lib")
SIZES = (1, 1000, 50_000, 400_000)


def people(size):
    return lib.people(size)


def wide(size):
    return lib.doubles(size)


def nested(size):
    return lib.grids(size // 100 + 1)


def names(size):
    return [None] * lib.names(lambda words: len(words), min(size, 50_000))


def mapped(size):
    return lib.bytes.map([size] * 100)


def counted(size):
    return lib.one_more.map(range(size))


def batched(size):
    with lib.batch() as batch:
        pending = [batch.bytes(size) for _ in range(100)]
    return [one.value for one in pending]


def viewed(size):
    return bytes(lib.view(size))


def fill():
    """Take memory until there is no more, in pieces of 64 KiB at last."""
    kept = []
    for piece in (4 << 20, 1 << 20, 64 << 10):
        try:
            while True:
                kept.append(bytearray(piece))
        except MemoryError:
            pass
    return kept


for call in (people, wide, nested, names, mapped, counted, batched, viewed):
    refused = made = 0
    kept = fill()
    for freed in (0, 1, 2, 5, 20, 60, 200, 1000):
        del kept[len(kept) - freed :]
        for size in SIZES:
            try:
                call(size)
                made += 1
            except MemoryError:
                refused += 1
    del kept
    print(call.__name__, refused > 0, made > 4, len(call(10)) > 0)

# What came before the one that is refused is not lost.
try:
    lib.bytes.map([1 << 20] * 400)
except MemoryError as error:
    print("map:", error.index == len(error.results) > 10, len(error.results[-1]))
ballast = [bytearray(1 << 20) for _ in range(60)]
pending = []
try:
    with lib.batch() as batch:
        pending = [batch.bytes(1 << 19) for _ in range(150)]
except MemoryError as error:
    print("batch:", error.index == len(error.results) > 10, len(pending[3].value), pending[3].done, pending[-1].done)
