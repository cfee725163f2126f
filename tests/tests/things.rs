//! A program over `tests/c/things.c`, and what it prints.

use cloison_tests::{Output, Project};

const PRELUDE: &str = include_str!("../python/things/prelude.py");

/// The project, with instances as said: `shared`, `per-client`.
pub fn project(source: &str, instances: &str) -> Project {
    let manifest = "[capabilities.things]\nzone = \"things.zone.toml\"\nallow = \"*\"\n";
    let zone = include_str!("../c/things.zone.toml");
    let zone = zone.replace("[sandbox]\n", &format!("[sandbox]\ninstances = \"{instances}\"\n"));
    let project = Project::script(&format!("{PRELUDE}{source}")).file("cloison.toml", manifest);
    project.file("things.zone.toml", &zone).library("things.so", include_str!("../c/things.c"))
}

/// Run it.
pub fn run(source: &str, instances: &str) -> Output {
    project(source, instances).main(&[]).output()
}

/// It prints that, and nothing else, in a zone for all and in one of its own.
#[track_caller]
pub fn check(source: &str, expected: &str) {
    for instances in ["shared", "per-client"] {
        let output = run(source, instances).ends_with(0);
        assert_eq!(output.stdout, expected, "{instances}\n{output}");
        assert_eq!(output.stderr, "", "{instances}\n{output}");
    }
}
