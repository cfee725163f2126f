try:
    bytearray(500_000_000)
except MemoryError:
    print('caught')
print(len(bytearray(20_000_000)))
