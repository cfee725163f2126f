print(fake.crc.map([b'\1', b'\2\3', b'']), fake.crc.map([b'\1'], crc=5), fake.crc.map([]))
print(fake.crc(b'\1', crc=3), fake.crc(3, b'\1'), fake.crc(data=b'\1'), fake.crc(2, data=b'\1'))
print(fake.crc.map(bytes([i % 256]) for i in range(10000)) == [i % 256 for i in range(10000)])
print(fake.half.map([(3.0,), (4.0,)], odd=0) if False else fake.half.map([3.0, 4.0]))
e = error(fake.half.map, [1.0, 'x', 2.0])
print(e.index, e.results)
print(fake.same_person.map([{'name': 'a', 'mail': 'm'}, {'name': 'b'}])[0].mail)
print(fake.crc.map([b'x' * 300000] * 30) == [120 * 300000] * 30)
e = error(fake.prepare.map, ['a', 'busy', 'c'], d=fake.db_open('x'))
print(e.index, e.results)
error(fake.crc.map, [b''], nobody=1)
error(fake.crc.map, 5)
error(fake.prepare.map, ['a'])
class Calls:
    def __float__(self):
        return float(fake.crc(b'\7' * 100000))
print(fake.half.map([2, Calls(), 4.0, Calls()]))
with fake.batch() as b:
    db = b.db_open('name')
    s = b.prepare(db, 'sql')
    n = b.use(s, db)
    sum = b.crc(b'\5')
    sum2 = b.crc(sum, b'\6')
    error(getattr, n, 'value')
    print(n, n.done, b)
print(n.value, n.done, n, s.value, sum2.value, b)
print(fake.use(s.value, db.value))
d = db.value
del db, b
try:
    with cloison.batch(fake) as b:
        one = b.checked(1)
        two = b.checked(-1)
        three = b.checked(3)
except fake.Busy as e:
    print(e.index, e.results, one.value, one.done, two.done)
error(getattr, two, 'value')
error(getattr, three, 'value')
error(b.half, 1.0)
try:
    with fake.batch() as b:
        x = b.half(1.0)
        error(b.half, 'x')
        error(b.use, x)
        error(b.use, one)
        raise KeyError('mine')
except KeyError: print('body')
error(getattr, x, 'value')
with fake.batch() as b:
    many = [b.crc(bytes([i % 256]) * 1000) for i in range(2000)]
    last = b.crc(many[0], b'\1')
print([p.value for p in many] == [i % 256 * 1000 for i in range(2000)], last.value)
