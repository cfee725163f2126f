//! What can be sent from one microprocess to another, as bytes: what comes out, what is refused, and that no code runs.
//!
//! No program sees such bytes: those here have the module `_bytes` of `hostile-microprocess`.

use cloison_tests::Project;

fn run(source: &str, expected: &str) {
    Project::with_microprocess(Some("hostile-microprocess"))
        .file("main.py", source)
        .main(&[])
        .output()
        .prints(expected);
}

#[test]
fn what_is_sent_is_received() {
    run(include_str!("../python/messages/round_trip.py"), include_str!("../python/messages/round_trip.txt"));
}

#[test]
fn what_cannot_be_sent_is_refused_and_the_refusal_says_where_it_is() {
    run(include_str!("../python/messages/refusals.py"), include_str!("../python/messages/refusals.txt"));
}

#[test]
fn receiving_runs_no_code() {
    run(include_str!("../python/messages/no_code_runs.py"), include_str!("../python/messages/no_code_runs.txt"));
}

/// Whatever bytes are decoded, what comes of it is a value or a `MessageError`.
#[test]
fn hostile_bytes_give_a_value_or_an_error() {
    run(include_str!("../python/messages/hostile.py"), include_str!("../python/messages/hostile.txt"));
}
