try:
    bytes(200 << 20)
except MemoryError:
    print('limited')
