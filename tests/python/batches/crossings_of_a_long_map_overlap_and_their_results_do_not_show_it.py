# Runs after `python/things/prelude.py`, which has `t` and `error`.
class Index:
    def __init__(self, i):
        self.i = i
    def __index__(self):
        calls.append(t.add(bytes([self.i % 256])))
        return self.i

calls = []
numbers = list(range(3000))
doubled = [2 * i for i in numbers]
print(t.checked.map(numbers) == doubled, t.crash.map([0] * 300) == [None] * 300)
mixed = list(numbers)
mixed[0] = mixed[1] = False
mixed[700], mixed[2999] = Index(700), Index(2999)
print([i for i, (x, y) in enumerate(zip(t.checked.map(mixed), doubled)) if x != y], calls)
for wrong in -1, 'x', 2**40:
    before = t.made()
    e = error(t.checked.map, numbers[:700] + [wrong] + numbers[701:])
    print(e.index, e.results == doubled[:700], t.made() - before)
texts = [bytes([i % 200]) * (i % 7) for i in numbers]
texts[900] = b'\1' * 100000
texts[901] = b'\2' * 65536
texts[2000] = bytearray(b'\3')
print(t.add.map(texts) == [sum(x) for x in texts], t.add.map(texts, sum=5)[900])
e = error(t.crash.map, [0] * 700 + [1] + [0] * 700)
print(e.index, e.results == [None] * len(e.results), t.checked.map(numbers) == doubled)
