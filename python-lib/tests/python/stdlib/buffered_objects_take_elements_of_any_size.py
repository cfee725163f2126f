import array, io
numbers = array.array('i', range(100))
whole = numbers.tobytes()
raw = io.BytesIO()
writer = io.BufferedWriter(raw, 16)
print(writer.write(numbers), writer.flush(), raw.getvalue() == whole)
for name in 'readinto', 'readinto1':
    for kind in io.BufferedReader, io.BufferedRandom:
        target = array.array('i', bytes(400))
        print(getattr(kind(io.BytesIO(whole), 16), name)(memoryview(target)), target == numbers)
print(io.BufferedReader.readinto.__name__, io.BufferedReader.readinto.__objclass__)
