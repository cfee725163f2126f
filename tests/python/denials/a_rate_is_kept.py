import cloison, time
zlib = cloison.capability('zlib')
made = refused = 0
began = time.monotonic()
for _ in range(50):
    try:
        zlib.crc32(0, b'')
        made += 1
    except cloison.QuotaExceeded:
        refused += 1
allowed = 5 + 5 * (time.monotonic() - began)
print(5 <= made <= allowed + 1, made + refused)
while True:
    try:
        zlib.crc32(0, b'')
        break
    except cloison.QuotaExceeded:
        time.sleep(0.05)
print('again')
