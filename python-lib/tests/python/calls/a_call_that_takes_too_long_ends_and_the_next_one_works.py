import time
t = time.monotonic()
e = error(fake.hang)
print(0.3 <= time.monotonic() - t, e.function, e.deadline, isinstance(e, TimeoutError))
print(fake.add(2))
