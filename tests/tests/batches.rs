//! Many calls in one crossing: the results are those of single calls, in order, and the first failure is the last call.

use crate::things::check;

#[test]
fn a_map_is_a_call_for_each_item() {
    check(
        include_str!("../python/batches/a_map_is_a_call_for_each_item.py"),
        "[1, 5, 0] [11, 11, 11] []
True 20000
point(x=3.0, y=-1.0) [point(x=2.0, y=1.0), point(x=2.0, y=1.0)]
True
NativeError: things.checked() failed with -5
2 [2, 4] 3
TypeError: checked(): x must be an int, not str
1 [2]
5 [0, 1, 2, 3, 4]
NoBook: things.book_new() failed with -2: no such book
2 [<book handle of capability 'things'>, <book handle of capability 'things'>] 7
[3, 6]
ZeroDivisionError: division by zero
[[1, 2], [1, 2, 3]]
",
    );
}

#[test]
fn crossings_of_a_long_map_overlap_and_their_results_do_not_show_it() {
    check(
        include_str!("../python/batches/crossings_of_a_long_map_overlap_and_their_results_do_not_show_it.py"),
        "True True
[1] [188, 183]
NativeError: things.checked() failed with -1
700 True 701
TypeError: checked(): x must be an int, not str
700 True 700
OverflowError: checked(): x is 1099511627776, and its C type holds -2147483648 to 2147483647
700 True 700
True 100005
ZoneCrashed: things.crash(): the zone was ended by signal 11 (SIGSEGV)
700 True True
",
    );
}

#[test]
fn what_is_ready_to_cross_is_not_given_back_with_memory_that_is_not_needed() {
    check(
        include_str!("../python/batches/what_is_ready_to_cross_is_not_given_back_with_memory_that_is_not_needed.py"),
        "{100}
{100}
{100}
",
    );
}

#[test]
fn each_call_of_a_map_has_its_own_deadline() {
    check(
        include_str!("../python/batches/each_call_of_a_map_has_its_own_deadline.py"),
        "2500 0
DeadlineExceeded: things.nap() did not end within 2s
3 True 1
",
    );
}

#[test]
fn results_of_a_batch_are_arguments_of_its_later_calls() {
    check(
        include_str!("../python/batches/results_of_a_batch_are_arguments_of_its_later_calls.py"),
        "<pending result of things.shelf_new()> False
RuntimeError: this call has not been made yet: a batch runs when its `with` block ends
33 6 <shelf handle of capability 'things'> <book handle of capability 'things'> ''
33 1
33
",
    );
}

#[test]
fn a_batch_ends_with_the_first_failure() {
    check(
        include_str!("../python/batches/a_batch_ends_with_the_first_failure.py"),
        "things.checked() failed with -2 1 [2] 2
2 True False False
NativeError: things.checked() failed with -2
RuntimeError: this call was not made: the batch ended before it
TypeError: checked(): x must be an int, not str
TypeError: book_pages(): b cannot be the result of checked() in the same batch: numbers and handles of the right type can
False 2
RuntimeError: this batch is over
True 1001
[0, 0, 1, 3]
",
    );
}

/// A number that may be missing has a word in front that says whether it is there; a link fills in both.
#[test]
fn the_result_of_a_call_is_an_argument_that_may_be_none() {
    check(
        include_str!("../python/batches/the_result_of_a_call_is_an_argument_that_may_be_none.py"),
        "True True
True True
ValueError: color_or_red(): maybe is 2, which is no color
",
    );
}

#[test]
fn who_is_late_first_ends_first() {
    let zone = include_str!("../c/naps.zone.toml");
    for instances in ["per-client", "per-call"] {
        cloison_tests::Project::script(include_str!("../python/batches/who_is_late_first_ends_first.py"))
            .file("cloison.toml", "[capabilities.naps]\nzone = \"naps.zone.toml\"\nallow = \"*\"\n")
            .file("naps.zone.toml", &zone.replace("per-client", instances))
            .library("naps.so", include_str!("../c/naps.c"))
            .main(&[])
            .output()
            .prints("[('alone', 'short_nap'), ('behind_a_long_one', 'short_nap')]\n");
    }
}
