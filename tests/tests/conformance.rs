//! Every calling convention, against the C compiler's own answers; see [`cloison_tests::conformance`].

use cloison_tests::conformance::libffi::{self, Adapted};
use cloison_tests::conformance::{Suite, generate};

#[track_caller]
fn conforms(suite: &Suite, least: usize) {
    assert!(suite.len() >= least, "only {} calls are compared", suite.len());
    suite.run();
}

#[test]
fn scalars_at_their_limits() {
    conforms(&generate::scalars(), 600);
}

#[test]
fn records_by_value() {
    conforms(&generate::records(), 600);
}

#[test]
fn arguments_of_every_sort() {
    conforms(&generate::mixed(), 800);
}

#[test]
fn variadic_functions() {
    conforms(&generate::variadics(), 100);
}

#[test]
fn records_behind_pointers() {
    conforms(&generate::pointers(), 700);
}

/// Whoever updates libffi sees here what has come or gone.
#[track_caller]
fn adapted(adapted: &Adapted, functions: usize) {
    assert_eq!(adapted.functions, functions);
    for (name, reason) in &adapted.left_out {
        assert!(libffi::POINTERS.contains(&name.as_str()), "{name} is left out: {reason}");
    }
    adapted.suite.run();
}

#[test]
fn signatures_of_libffi_bhaible() {
    adapted(&libffi::bhaible(), 80);
}

#[test]
fn signatures_of_libffis_other_tests() {
    adapted(&libffi::others(), 176);
}
