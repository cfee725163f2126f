import cloison

zlib = cloison.capability("zlib")
print(zlib.crc32(0, b"hello"))
try:
    zlib.adler32(0, b"")
except cloison.CapabilityDenied:
    pass
