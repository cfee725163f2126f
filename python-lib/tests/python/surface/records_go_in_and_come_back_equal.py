p = fake.point(1, y=2.5)
print(p, p == fake.point(1.0, 2.5), p == fake.point(), p._asdict(), fake.point.__doc__)
a = fake.person()
print(a)
print(fake.same_person(a) == a)
b = fake.person('Anna', mail='a@b.c', at=p, age=127, side=-4, here=True, color=fake.color.BLUE, raw=b'\1\2\3',
                counts=[-5, 7], corners=[p, {'x': 3}], half=0.5, big=2**64 - 1)
c = fake.same_person(b)
print(c)
print(c == fake.same_person(c), type(c.color).__name__, type(c.at) is fake.point)
print(fake.same_person({'name': 'Bo', 'at': {'y': 4}}).at)
print(fake.same_person(fake.same_person({'name': 'EIGHTCHR'})).name)
match c:
    case fake.person(name, mail):
        print(name, mail)
import copy
d = copy.deepcopy(c)
d.at.x = 9
print(d == c, c.at.x, d.at)
