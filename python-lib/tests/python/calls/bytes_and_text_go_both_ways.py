import array
print(fake.echo(b'abc'), fake.echo(bytearray(b'x')), fake.echo(memoryview(b'abcd')[::2]), fake.echo(b''), fake.shout('grün'), fake.shout(b'b'), fake.echo(array.array('B', [1, 2])))
print(len(fake.echo(b'z' * (4 << 20))))
print(fake.doubled([1, 2.5]).tolist(), fake.doubled(array.array('d', [3])).tolist(), fake.doubled((0.5,)).typecode)
