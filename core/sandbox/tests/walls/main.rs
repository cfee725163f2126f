//! The walls, tried from inside and judged from outside.
//!
//! This binary is both sides. Started by `cargo test` it is the warden: it starts itself again as a prisoner, as the
//! broker starts a template or a zone, and looks at what the prisoner reports and how it ends. A prisoner makes one
//! attempt (`attempts`), at one stage, with the layers that it is told to put up.
//!
//! Each attempt is also made by a prisoner outside any jail. If it fails there as well, it proves nothing, and the test
//! says so by failing.

mod attempts;
mod ends;
mod network;
mod prisoner;
mod service;
mod single_layers;
mod stages;
mod start;
mod sweep;
mod warden;

/// One test: its name and what it does. It fails by panicking.
type Test = (&'static str, fn());

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|argument| argument == "--prisoner") {
        prisoner::run(&arguments[2..]);
    }
    if arguments.get(1).is_some_and(|argument| argument == "--broker") {
        ends::as_broker();
    }
    if arguments.get(1).is_some_and(|argument| argument == "--timings") {
        start::timings();
        return warden::tidy();
    }
    let filter = arguments.iter().skip(1).find(|argument| !argument.starts_with('-'));
    let tests =
        [start::TESTS, ends::TESTS, stages::TESTS, single_layers::TESTS, service::TESTS, network::TESTS, sweep::TESTS]
            .concat();
    let mut failed = 0;
    for (name, test) in tests.iter().filter(|(name, _)| filter.is_none_or(|filter| name.contains(filter.as_str()))) {
        let passed = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    warden::tidy();
    warden::assert_no_children();
    std::process::exit(if failed == 0 { 0 } else { 101 });
}
