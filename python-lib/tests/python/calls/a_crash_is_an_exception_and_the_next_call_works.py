print(fake.add(1))
e = error(fake.crash)
print(e.function, e.signal, e.code)
print(fake.add(2))
