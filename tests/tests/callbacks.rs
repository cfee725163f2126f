//! C calls Python: values both ways, calls inside of calls, exceptions that travel through C, deadlines, other threads.

use crate::things::{self, check};
use cloison_tests::Project;

#[test]
fn callables_get_values_and_give_values() {
    check(
        include_str!("../python/callbacks/callables_get_values_and_give_values.py"),
        "14
point(x=2.0, y=1.0) point(x=5.0, y=0.0)
[-1, 2, 3, 10] [3, 2, 1]
3 [('ein', 3), ('zwei', 4), ('drei', 4)]
22
",
    );
}

#[test]
fn callables_may_call_the_zone_and_be_called_by_that() {
    check(
        include_str!("../python/callbacks/callables_may_call_the_zone_and_be_called_by_that.py"),
        "12
7803 1305600
42
QuotaExceeded: things.each(): callbacks are nested more than 8 deep
42
0 [False, False, False]
0
",
    );
}

#[test]
fn an_exception_travels_through_c_as_the_same_object() {
    check(
        include_str!("../python/callbacks/an_exception_travels_through_c_as_the_same_object.py"),
        "True [0, 1] ['<module>', 'f']
KeyboardInterrupt
SystemExit
10
TypeError: each(): the value of f must be an int, not str
OverflowError: each(): the value of f is 1099511627776, and its C type holds -2147483648 to 2147483647
TypeError: <lambda>() takes 0 positional arguments but 1 was given
TypeError: map_point(): the value of f must be point or a mapping, not NoneType
TypeError: each(): f must be callable, not str
ZeroDivisionError: division by zero
2
",
    );
}

#[test]
fn a_callable_that_takes_too_long_ends_its_call_and_not_the_zone() {
    check(
        include_str!("../python/callbacks/a_callable_that_takes_too_long_ends_its_call_and_not_the_zone.py"),
        "DeadlineExceeded: things.each(): the callable f did not return within 2s
f each True
2 False
",
    );
}

/// It gets the exception where it is, and may even go on: nobody waits for what it says.
#[test]
fn a_callable_that_never_ends_is_interrupted() {
    check(
        include_str!("../python/callbacks/a_callable_that_never_ends_is_interrupted.py"),
        "DeadlineExceeded: things.each(): the callable f did not return within 2s
f DeadlineExceeded
DeadlineExceeded: things.each(): the callable f did not return within 2s
DeadlineExceeded: things.each(): the callable f did not return within 2s
2
",
    );
}

/// Each run has its two seconds, and C would go on for ever.
#[test]
fn callables_of_one_call_share_a_time() {
    let source = include_str!("../python/callbacks/callables_of_one_call_share_a_time.py");
    let zone = include_str!("../c/things.zone.toml").replace("[sandbox]\n", "[sandbox]\ncallables = \"1500 ms\"\n");
    let output = things::project(source, "shared").file("things.zone.toml", &zone).main(&[]).output().ends_with(0);
    let expected = "DeadlineExceeded: things.each(): its callables took longer together than they may: f of each ran when \
                    the callables of this call had taken 1.5s together, which is all they may (`callables` of the outermost \
                    function, or under [sandbox])\nf each 1.5 True\n2\n";
    assert_eq!(output.stdout, expected, "{output}");
}

#[test]
fn a_callable_that_a_library_keeps_goes_with_its_handle() {
    check(
        include_str!("../python/callbacks/a_callable_that_a_library_keeps_goes_with_its_handle.py"),
        "-7
101 False
True
100
True
-7
ValueError: late
",
    );
}

#[test]
fn what_a_call_that_failed_has_kept_is_still_called() {
    let source = "typedef int (*hook)(int); struct box { hook kept; };\n#include <stdlib.h>\n\
                  struct box *box_new(void) { return calloc(1, sizeof(struct box)); }\n\
                  void box_free(struct box *box) { free(box); }\n\
                  int box_set(struct box *box, hook hook, int code) { box->kept = hook; return code; }\n\
                  int box_fire(struct box *box, int value) { return box->kept(value); }\n";
    let zone = "[zone]\nname = \"boxes\"\nversion = \"1.0.0\"\nlibrary = { path = \"boxes.so\" }\n\
                [types]\nbox = { c = \"struct box;\", handle = true, free = \"box_free\" }\n\
                [functions.box_new]\nc = \"struct box *box_new(void)\"\n\
                [functions.box_free]\nc = \"void box_free(struct box *box)\"\ninternal = true\n\
                [functions.box_set]\nc = \"int box_set(struct box *box, int (*hook)(int), int code)\"\n\
                hook = { retain = \"box\" }\nreturns = { error_unless = \"== 0\" }\n\
                [functions.box_fire]\nc = \"int box_fire(struct box *box, int value)\"\n";
    let program = include_str!("../python/callbacks/what_a_call_that_failed_has_kept_is_still_called.py");
    let manifest = "[capabilities.boxes]\nzone = \"boxes.zone.toml\"\nallow = \"*\"\n";
    let project = Project::script(program).library("boxes.so", source).file("boxes.zone.toml", zone);
    project.file("cloison.toml", manifest).main(&[]).output().prints("9\n42\n");
}
