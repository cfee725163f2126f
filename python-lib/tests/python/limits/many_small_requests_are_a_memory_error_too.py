def eat():
    kept = []
    while True:
        kept.append([object() for _ in range(1000)])
try:
    eat()
except MemoryError:
    print('caught')
