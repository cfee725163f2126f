//! Structs, unions, enumerations and wide numbers go to C and come back as C left them.

use crate::things::check;
use cloison_tests::Project;

#[test]
fn structs_by_value_and_behind_pointers() {
    check(
        include_str!("../python/records/structs_by_value_and_behind_pointers.py"),
        "point(x=1.5, y=1.5) point(x=1.0, y=0.0)
point(x=0.0, y=3.0) point(x=3.0, y=0.0) point(x=2.0, y=1.0)
14.0 0.0 [point(x=6.0, y=0.0), point(x=6.0, y=0.0)]
42 person(name='Anna', mail='a@b.c', at=point(x=3.0, y=0.0), age=42, side=-4, here=True, color=<color.BLUE: 5>, raw=b'abc', counts=[-5, 7], corners=[point(x=3.0, y=0.0), point(x=0.0, y=9.0)], half=0.5, big=18446744073709551615)
True (1, person(name='Bo', mail=None, at=point(x=0.0, y=0.0), age=1, side=0, here=False, color=<color.RED: 1>, raw=b'\\x00\\x00\\x00', counts=[0, 0], corners=[point(x=0.0, y=0.0), point(x=0.0, y=0.0)], half=0.0, big=0))
EIGHTCHR EIGHTCHR
ValueError: older(): in_.name has 9 bytes, and may have 8 at most
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

/// Bit-fields of packed structs reach beyond a number of their type, and beyond what a number of it could have in the struct.
#[test]
fn bit_fields_of_packed_structs() {
    const WIDE: &str = "struct __attribute__((packed)) wide { unsigned char a : 4; long b : 62; };";
    const SMALL: &str = "struct __attribute__((packed)) small { char a : 3; int b : 13; };";
    let c = format!(
        "{WIDE}\n{SMALL}\nstruct wide wide_of(long b) {{ struct wide one = {{ 5, b }}; return one; }}\n\
         long wide_b(struct wide one) {{ return one.a == 5 ? one.b : 0; }}\n\
         struct small small_of(int b) {{ struct small one = {{ -2, b }}; return one; }}\n\
         int small_b(const struct small *some, unsigned n) {{ return some[n - 1].a == -2 ? some[n - 1].b : 0; }}\n"
    );
    let zone = format!(
        "[zone]\nname = \"case\"\nversion = \"1.0.0\"\nlibrary = {{ path = \"case.so\" }}\n[types.wide]\nc = \"{WIDE}\"\n\
         [types.small]\nc = \"{SMALL}\"\n[functions.wide_of]\nc = \"struct wide wide_of(long b)\"\n[functions.wide_b]\n\
         c = \"long wide_b(struct wide one)\"\n[functions.small_of]\nc = \"struct small small_of(int b)\"\n[functions.small_b]\n\
         c = \"int small_b(const struct small *some, unsigned n)\"\nsome = {{ in = true, length = \"n\" }}\n"
    );
    let project = Project::script(include_str!("../python/records/bit_fields_of_packed_structs.py"));
    let project = project.library("case.so", &c).file("case.zone.toml", &zone);
    let project = project.file("cloison.toml", "[capabilities.lib]\nzone = \"case.zone.toml\"\nallow = \"*\"\n");
    project.main(&[]).output().prints(
        "wide(a=5, b=-308641972530864198) -308641972530864198
small(a=-2, b=-4000) -4000
OverflowError: small_b(): some[0].b is 4096, and its C type holds -4096 to 4095
",
    );
}
