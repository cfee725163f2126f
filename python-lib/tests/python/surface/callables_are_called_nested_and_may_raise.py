seen = []
def f(i):
    seen.append(i)
    return i * 10
print(fake.each(4, f), seen)
print(fake.each(3, lambda i: fake.each(i, lambda j: j + 1)))
print(fake.each_row(1, lambda p, name: print(p, name) or 3))
class Mine(Exception): pass
mine = Mine('here')
def g(i):
    if i == 2: raise mine
    return 0
try:
    fake.each(5, g)
except Mine as e:
    import traceback
    print(e is mine, [frame.name for frame in traceback.extract_tb(e.__traceback__)])
error(fake.each, 2, lambda i: 'no')
error(fake.each, 2, lambda i: 2**31)
error(fake.each, 2, 5)
error(fake.each, 2, None)
def h(i):
    try:
        fake.each(1, g2)
    except Mine: return 7
def g2(i): raise mine
print(fake.each(2, h))
try:
    fake.each(2, lambda i: (_ for _ in ()).throw(KeyboardInterrupt))
except KeyboardInterrupt: print('interrupted')
print(fake.each(2, f), fake.crc(b'\1\2'))
def deep(n):
    return fake.each(1, lambda i: deep(n - 1)) if n else 42
print(deep(8))
error(deep, 9)
print(fake.crc(b'\1\2'))
