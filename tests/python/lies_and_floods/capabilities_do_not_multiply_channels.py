import cloison
def main():
    kept = [cloison.capability('zlib') for _ in range(200)]
    print(len({zlib.crc32(0, b'hello') for zlib in kept}), len(set(map(id, kept))))
