//! Structs, unions, enumerations and wide numbers go to C and come back as C left them.

use crate::things::check;

#[test]
fn structs_by_value_and_behind_pointers() {
    check(
        include_str!("../python/records/structs_by_value_and_behind_pointers.py"),
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
        include_str!("../python/records/members_are_called_as_in_c.py"),
        "odd(__q=5, self=2, class_=0) 5 True {'__q': 5, 'self': 2, 'class_': 0} True
",
    );
}

#[test]
fn what_does_not_fit_crosses_nothing() {
    check(
        include_str!("../python/records/what_does_not_fit_crosses_nothing.py"),
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
        include_str!("../python/records/unions_enumerations_wide_numbers_and_arrays_of_text.py"),
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
        include_str!("../python/records/results_can_stay_in_the_channel_until_the_next_call.py"),
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
