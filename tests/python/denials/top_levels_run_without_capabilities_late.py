import cloison
zlib = cloison.capability('zlib')
def main():
    print(zlib.crc32(0, b'hello'))
