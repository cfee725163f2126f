"""Packs and unpacks standard input with the system's zlib, then survives a crash in C.

    make -C examples/zlib               # compiles the library that crashes
    cloison run examples/zlib < FILE
"""

import sys

import cloison

zlib = cloison.capability("zlib")
crash = cloison.capability("crash")

BLOCK = 4 << 20


def main():
    """Show both; the exit status tells whether every byte came back."""
    print(f"zlib {zlib.version()}, in a zone of its own:")
    read, packed, before, after = pack_and_unpack(sys.stdin.buffer)
    print(f"  {read:,} bytes in, {packed:,} packed ({packed / max(read, 1):.1%}), unpacked again")
    print(f"  crc32 {before:08x} before, {after:08x} after: {'equal' if before == after else 'DIFFERENT'}")

    print("a C function that writes through a null pointer:")
    try:
        crash.write_through_null()
    except cloison.ZoneCrashed as error:
        print(f"  ZoneCrashed: {error}")

    print("and on it goes:")
    print(f"  crash.answer() is {crash.answer()}, from a zone that has just been started again")
    print(f"  zlib.crc32 of b'still here' is {zlib.crc32(0, b'still here'):08x}, from one that never noticed")
    return 0 if before == after else 1


def pack_and_unpack(stream):
    """Return the bytes read, the bytes packed, and the checksums before and after."""
    read = packed = before = after = 0
    while block := stream.read(BLOCK):
        small = zlib.compress2(block, level=6)
        again = zlib.uncompress(small, destLen=len(block))
        before = zlib.crc32(before, block)
        after = zlib.crc32(after, again)
        read += len(block)
        packed += len(small)
    return read, packed, before, after
