"""Blocks of one byte, repeated: a few KiB that unpack to gigabytes."""

from compression import zstd

# A block that unpacks to 128 KiB.
BLOCK = ((128 << 10) << 3 | 1 << 1).to_bytes(3, "little") + b"x"


def frame(window, blocks):
    return b"\x28\xb5\x2f\xfd\0" + bytes([window]) + BLOCK * blocks + b"\x01\0\0"


# Windows of 1 MiB and of 2 GiB.
for window, options in ((10 << 3, None), (21 << 3, {zstd.DecompressionParameter.window_log_max: 31})):
    try:
        print(len(zstd.decompress(frame(window, 1 << 14), options=options)))
    except MemoryError:
        print("MemoryError")
unpacker, data, length = zstd.ZstdDecompressor(), frame(10 << 3, 4096), 0
while not unpacker.eof:
    length += len(unpacker.decompress(data, 1 << 20))
    data = b""
print(length)
print(zstd.decompress(zstd.compress(b"still here")))
