//! `[clock]` and `[random]`: the same program, run twice, sees the same.

use cloison_tests::{Output, Project};

fn run(manifest: &str, what: &str) -> Output {
    let project = Project::script(include_str!("../python/deterministic.py"));
    project.file("cloison.toml", manifest).main(&[what]).output().ends_with(0)
}

#[test]
fn a_seed_makes_chance_the_same_in_each_run() {
    let seeded = |seed: u64| run(&format!("[random]\nseed = {seed}\n"), "chance").stdout;
    let first = seeded(1);
    assert_eq!(first, seeded(1));
    assert_ne!(first, seeded(2));
    // The control: nothing of it is the same without one.
    let without = || run("", "chance").stdout;
    assert_ne!(without(), without());
}

/// Also for what has been imported before anybody asked, and in what is spawned.
#[test]
fn a_clock_that_stands_shows_its_start_everywhere() {
    let output = run("[clock]\nstart = \"2027-03-04T05:06:07Z\"\nrate = 0\n", "clocks");
    let at: u64 = 1_804_136_767;
    let clocks = format!(
        "[{at}, {at}, {at}, {at}, (2027, 3, 4, 5, 6, 7), (2027, 3, 4, 5, 6, 7), 'Thu Mar  4 05:06:07 2027', \
         'Thu Mar  4 05:06:07 2027', '2027-03-04 05:06:07', {at}, '2027-03-04 05:06:07', '2027-03-04 05:06:07+00:00', \
         '2027-03-04 05:06:07', '2027-03-04', '2027-03-04 05:06:07', 'Mine', '2027-03-04 05:06:07', 'date']"
    );
    let line = format!("({at}.0,) {clocks}\n");
    output.prints(&format!("{line}{line}"));
}

#[test]
fn a_clock_goes_as_fast_as_it_is_told() {
    let rate = run("[clock]\nrate = 60\n", "rate").stdout.trim().parse::<f64>().expect("a number");
    assert!((59.0..61.0).contains(&rate), "{rate}");
}

/// Whether a script is imported for each process or once for all is of no matter to what it draws.
#[test]
fn a_seed_means_the_same_for_a_shared_import() {
    let script = include_str!("../python/deterministic/a_seed_means_the_same_for_a_shared_import.py");
    // What prints so much is not imported by a template.
    let [shared, alone] = ["False", "True"].map(|much| {
        let project = Project::script(&script.replace("{quiet}", much)).file("cloison.toml", "[random]\nseed = 7\n");
        let output = project.main(&[]).output().ends_with(0);
        output.stderr
    });
    assert_eq!(shared, alone);
}
