for how in range(6):
    error(fake.lie, how, lambda i: i)
    print(fake.crc(b'\1'))
for how in range(6):
    fake.next_batch_lies(how)
    error(fake.crc.map, [b'\1', b'\2'])
    print(fake.crc(b'\1'))
for how in range(6):
    fake.next_batch_lies(how)
    e = error(fake.crc.map, [b'\1'] * 200)
    print(e.index, e.results, fake.crc(b'\1'))
fake.next_batch_lies(6)
e = error(fake.checked.map, range(5000))
print(e.index >= 20, e.results[-20:] == list(range(20)))
print(fake.checked.map(range(200)) == list(range(200)), fake.half.map([2.0] * 100) == [1.0] * 100)
error(fake.bad_handle)
for how in range(5):
    error(fake.bad_record, how)
fake.next_batch_lies(7)
def both():
    with fake.batch() as batch:
        batch.blob(1), batch.blob(2)
error(both)
print(fake.crc(b'\1'))
