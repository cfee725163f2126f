import cloison
zlib = cloison.capability('zlib')
print(zlib.crc32(0, b'hello'))
def main(): pass
