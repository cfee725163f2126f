blocks = []
while True:
    try:
        blocks.append([0] * 100)
    except MemoryError:
        pass
