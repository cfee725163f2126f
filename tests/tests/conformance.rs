use cloison_tests::conformance::generate;

#[test]
fn scalars_at_their_limits() {
    generate::scalars().run();
}

#[test]
fn records_by_value() {
    generate::records().run();
}

#[test]
fn arguments_of_every_sort() {
    generate::mixed().run();
}

#[test]
fn variadic_functions() {
    generate::variadics().run();
}

#[test]
fn records_behind_pointers() {
    generate::pointers().run();
}
