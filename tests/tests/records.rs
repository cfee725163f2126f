//! Structs, unions, enumerations and wide numbers go to C and come back as C left them.

use crate::things::check;

#[test]
fn structs_by_value_and_behind_pointers() {
    check(
        "
print(t.moved(t.point(1, 2), 0.5), t.moved({'y': 1}, 1))
p = t.point(x=3.0)
print(t.mirror(p), p, t.mirror({'x': 1, 'y': 2}))
print(t.weight([t.point(1, 2), {'x': 3, 'y': 4}]), t.weight([]), t.scale([p, p], 2))
anna = t.person('Anna', 'a@b.c', at=p, age=41, side=-4, here=True, color=t.color.BLUE, raw=b'abc', counts=[-5, 7],
                corners=[p, t.point(y=9)], half=0.5, big=2**64 - 1)
result, older = t.older(anna)
print(result, older)
anna.age = 42
print(older == anna, t.older({'name': 'Bo'}))
error(t.older, None)
",
        "point(x=1.5, y=1.5) point(x=1.0, y=0.0)
point(x=0.0, y=3.0) point(x=3.0, y=0.0) point(x=2.0, y=1.0)
14.0 0.0 [point(x=6.0, y=0.0), point(x=6.0, y=0.0)]
42 person(name='Anna', mail='a@b.c', at=point(x=3.0, y=0.0), age=42, side=-4, here=True, color=<color.BLUE: 5>, raw=b'abc', counts=[-5, 7], corners=[point(x=3.0, y=0.0), point(x=0.0, y=9.0)], half=0.5, big=18446744073709551615)
True (1, person(name='Bo', mail=None, at=point(x=0.0, y=0.0), age=1, side=0, here=False, color=<color.RED: 1>, raw=b'\\x00\\x00\\x00', counts=[0, 0], corners=[point(x=0.0, y=0.0), point(x=0.0, y=0.0)], half=0.0, big=0))
NativeError: things.older() failed with -1
",
    );
}

#[test]
fn members_are_called_as_in_c() {
    check(
        "
import copy
odd = t.odd(1, self=2)
odd.__q += 4
print(odd, getattr(odd, '__q'), odd == t.odd(__q=5, self=2), odd._asdict(), copy.deepcopy(odd) == odd)
",
        "odd(__q=5, self=2, class_=0) 5 True {'__q': 5, 'self': 2, 'class_': 0} True
",
    );
}

#[test]
fn what_does_not_fit_crosses_nothing() {
    check(
        "
before = t.made()
error(t.moved, t.point('x'), 1)
error(t.older, t.person(age=128))
error(t.older, t.person(color=2))
error(t.older, {'nobody': 1})
error(t.moved, 5, 1)
error(t.weight, [t.point(), {'x': None}])
print(t.made() - before)
",
        "TypeError: moved(): p.x must be a float, not str
OverflowError: older(): in_.age is 128, and its C type holds 0 to 127
ValueError: older(): in_.color is 2, which is no color
TypeError: older(): in_ has no member \"nobody\": person has name, mail, at, age, side, here, color, raw, counts, corners, half, big
TypeError: moved(): p must be point or a mapping, not int
TypeError: weight(): points[1].x must be a float, not NoneType
0
",
    );
}

#[test]
fn unions_enumerations_wide_numbers_and_arrays_of_text() {
    check(
        "
print(t.twice(t.variant(0, t.value(i=21))), t.twice({'kind': 1, 'u': {'d': 0.25}}))
error(t.twice, t.variant(1, t.value(i=1)))
print(repr(t.next_color(t.color.RED)), repr(t.next_color(4)))
error(t.next_color, 2)
print(t.third(1), t.third(-0.75), t.turned(1 + 2j), t.turned(3))
print(t.letters(['ab', b'c', None, 'gr\u{fc}']), t.letters([]))
print(t.LIMIT, t.TITLE, sorted(set(dir(t)) & {'point', 'color', 'shelf', 'NoBook', 'LIMIT', 'each', 'book_free'}))
",
        "variant(kind=0, u=value(i=42)) variant(kind=1, u=value(d=0.5))
ValueError: twice(): v.u has member \"i\", and the live one is \"d\" here
<color.GREEN: 4> <color.BLUE: 5>
ValueError: next_color(): c is 2, which is no color
0.3333333333333333 -0.25 (-2+1j) 3j
107 0
3 things ['LIMIT', 'NoBook', 'color', 'each', 'point', 'shelf']
",
    );
}

#[test]
fn results_can_stay_in_the_channel_until_the_next_call() {
    check(
        "
v = t.pattern(300)
print(len(v), v[1], v[-1], bytes(v[:4]), v[4:10:2], bytes(v) == bytes(i % 256 for i in range(300)), v.closed)
print(t.add(v[:5]), v.closed)
error(bytes, v)
error(lambda: v[0])
error(memoryview, v)
v = t.pattern(70000)
m = memoryview(v)
print(m.readonly, m.nbytes, m[256:260].tolist(), t.add(memoryview(v[:3])), m[-1])
v = t.pattern(70)
print(str(memoryview(v)[65:68], 'ascii'))
v = t.pattern(4)
print(t.add(v), repr(v))
",
        "300 1 43 b'\\x00\\x01\\x02\\x03' b'\\x04\\x06\\x08' True False
10 True
StaleHandle: this view ended with the next call of its capability: copy what is needed before, with bytes(view)
StaleHandle: this view ended with the next call of its capability: copy what is needed before, with bytes(view)
StaleHandle: this view ended with the next call of its capability: copy what is needed before, with bytes(view)
True 70000 [0, 1, 2, 3] 3 111
ABC
6 <ended view of 4 bytes of capability 'things'>
",
    );
}
