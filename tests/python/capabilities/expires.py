import time

import cloison

zlib = cloison.capability("zlib")
time.sleep(0.05)
try:
    zlib.crc32(0, b"")
except cloison.Revoked as error:
    print(error)
