"""Results whose Python objects do not fit into the memory of a microprocess."""

from cloison import capability

lib = capability("lib")


def refused(what, call):
    """What the call's MemoryError says, up to what depends on the machine."""
    try:
        result = call()
    except MemoryError as error:
        print(f"{what}:", str(error).partition(", which take")[0])
    else:
        print(f"{what}: {len(result)}")


refused("64 MiB of structs", lambda: lib.ones(64 << 20))
try:
    print(len(lib.ones(1 << 20)))
except MemoryError:
    print("1 MiB of structs: MemoryError")
few = lib.ones(1000)
print(len(few), few[0].v, "still here")

kept = []
try:
    while len(kept) < 4:
        kept.append(lib.bytes(64 << 20))
    print("all fit")
except MemoryError:
    print("results of 64 MiB are kept until one is refused")
