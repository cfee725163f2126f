import time

import cloison

zlib = cloison.capability("zlib")
while True:
    try:
        zlib.crc32(0, b"")
        time.sleep(0.001)
    except cloison.Revoked as error:
        print(error)
        break
