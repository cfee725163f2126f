use cloison_tests::conformance::{generate, libffi};

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

#[test]
fn libffi_bhaible() {
    let adapted = libffi::bhaible();
    println!("{} functions, {:?}", adapted.functions, adapted.left_out);
    adapted.suite.run();
}

#[test]
fn libffi_others() {
    let adapted = libffi::others();
    println!("{} functions", adapted.functions);
    for l in &adapted.left_out { println!("{l:?}"); }
    adapted.suite.run();
}
