def eat():
    kept = []
    while True:
        kept.append('x' * 1000 + str(len(kept)))
for _ in range(40):
    try:
        eat()
    except MemoryError:
        pass
print('done')
