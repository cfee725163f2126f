import os
import sys

import cloison

zlib = cloison.capability("zlib")
print(zlib.crc32(0, b"hello"), flush=True)
match sys.argv[1]:
    case "raises":
        raise ValueError("badly")
    case "exits":
        sys.exit(3)
    case "waits":
        cloison.receive()
