# what it needs
[capabilities.zlib]
zone = "zlib"
allow = ["crc32"]
