//! The example that `make demo` runs.

use cloison_tests::{Project, users};

fn project() -> Project {
    Project::new()
        .file("app.py", include_str!("../../examples/zlib/app.py"))
        .file("cloison.toml", include_str!("../../examples/zlib/cloison.toml"))
        .file("crash.zone.toml", include_str!("../../examples/zlib/crash.zone.toml"))
        .library("crash.so", include_str!("../../examples/zlib/crash.c"))
}

#[test]
fn it_packs_crashes_and_goes_on() {
    let project = project();
    let input: String =
        (0..400_000).map(|number: u32| format!("{}\n", number.wrapping_mul(2_654_435_761) % 1000)).collect();
    for &user in users() {
        let output = project.application(&[]).user(user).stdin(input.as_str()).output().ends_with(0);
        let lines: Vec<_> = output.stdout.lines().collect();
        assert_eq!(lines.len(), 8, "{output}");
        assert!(lines[0].starts_with("zlib 1."), "{output}");
        let grouped = |mut number: usize| {
            let mut groups = Vec::new();
            while number >= 1000 {
                groups.insert(0, format!("{:03}", number % 1000));
                number /= 1000;
            }
            groups.insert(0, number.to_string());
            groups.join(",")
        };
        assert!(lines[1].contains(&format!("  {} bytes in", grouped(input.len()))), "{output}");
        assert!(lines[2].ends_with(": equal"), "{output}");
        assert!(
            lines[4].contains("ZoneCrashed: crash.write_through_null(): the zone was ended by signal 11 (SIGSEGV)"),
            "{output}"
        );
        assert!(lines[6].contains("crash.answer() is 42"), "{output}");
        assert_eq!(output.stderr, "", "{output}");
    }
    project.application(&[]).output().ends_with(0); // nothing to pack
    project.cloison(&["check", "."]).output().ends_with(0);
}
