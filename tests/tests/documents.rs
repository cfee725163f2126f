//! Programs in documents print what stands below them, and tests that they name are there.

use cloison_tests::Project;
use std::path::Path;

/// Each block of Python that is followed by a block of text: the program, and what it prints.
fn programs(document: &str) -> Vec<(&str, &str)> {
    let blocks: Vec<(&str, &str)> = document
        .split("\n```")
        .skip(1)
        .step_by(2)
        .map(|block| block.split_once('\n').expect("a line with the block's kind"))
        .collect();
    let pairs = blocks.windows(2).filter(|pair| pair[0].0 == "python" && pair[1].0 == "text");
    pairs.map(|pair| (pair[0].1, pair[1].1)).collect()
}

#[test]
fn programs_about_processes_print_what_stands_below_them() {
    print_what_stands_below(include_str!("../../docs/processes.md"), None, 5);
}

#[test]
fn programs_about_services_print_what_stands_below_them() {
    print_what_stands_below(include_str!("../../docs/services.md"), None, 1);
}

#[test]
fn programs_about_capabilities_print_what_stands_below_them() {
    let document = include_str!("../../docs/capabilities.md");
    let manifest = document.split("\n```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    print_what_stands_below(document, Some(manifest.expect("a cloison.toml")), 4);
}

/// The reader and the writer of messages are written from one table, and people read the other.
#[test]
fn the_format_of_messages_is_the_same_where_it_is_said_twice() {
    let rows = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_start_matches("//!").trim());
        let lines = lines.skip_while(|line| *line != "| tag | value | behind the tag |");
        lines.take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
    };
    let documented = rows(include_str!("../../docs/messages.md"));
    assert!(documented.len() > 20, "it is found: {documented:?}");
    assert_eq!(documented, rows(include_str!("../../python-lib/message/src/lib.rs")));
}

/// Run the programs of a document, of which there are so many at least, with that `cloison.toml`.
fn print_what_stands_below(document: &str, manifest: Option<&str>, least: usize) {
    let programs = programs(document);
    assert_eq!(programs.len(), document.matches("\n```python\n").count(), "each has its output below it");
    assert!(programs.len() >= least, "they are found");
    for (program, expected) in programs {
        let project = Project::script(program);
        let project = manifest.into_iter().fold(project, |project, text| project.file("cloison.toml", text));
        let output = project.main(&[]).output().ends_with(0);
        assert_eq!(output.stdout.trim_end(), expected, "{program}\n{output}");
    }
}

/// What a document says of tests: `` `NAME` in `PATH` ``, as names and paths.
fn named_tests(document: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = document.split('`').collect();
    let pairs = parts.windows(3).filter(|part| part[1] == " in " && part[2].ends_with(".rs"));
    pairs.map(|part| (part[0], part[2])).collect()
}

/// Whether that file has a test of that name.
fn has_test(root: &Path, name: &str, path: &str) -> bool {
    let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
    let before = text.split_once(&format!("fn {name}(")).map_or("", |(before, _)| before);
    // Only attributes stand between.
    before.lines().rev().take(3).any(|line| line.trim() == "#[test]")
}

/// Each row of a table that says what it is shown by names a test, and each of these is there.
#[test]
fn what_is_claimed_and_what_must_fail_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (document, least) in
        [(include_str!("../../docs/capabilities.md"), 35), (include_str!("../../docs/architecture.md"), 6)]
    {
        let mut rows = 0;
        let mut lines = document.lines();
        while let Some(heading) = lines.next() {
            // The table of invariants names files as well.
            if !heading.ends_with("| shown by |") || heading.starts_with("| | invariant") {
                continue;
            }
            for row in lines.by_ref().skip(1).take_while(|line| line.starts_with('|')) {
                let tests = named_tests(row);
                assert!(!tests.is_empty(), "no test is named: {row}");
                for (name, path) in tests {
                    assert!(has_test(&root, name, path), "there is no test {name} in {path}: {row}");
                }
                rows += 1;
            }
        }
        assert!(rows >= least, "only {rows} rows are found");
    }
    for other in ["what_is_not_there", "has_test"] {
        assert!(!has_test(&root, other, "tests/tests/documents.rs"), "the control: {other}");
    }
}

/// Each way to more than was granted that somebody has thought of is in the table of what must fail.
#[test]
fn what_must_fail_is_all_there() {
    let document = include_str!("../../docs/capabilities.md");
    let (_, table) = document.split_once("## What must fail").expect("the section");
    let table = table.split("\n## ").next().unwrap_or_default();
    for attempt in [
        "may not be given on",
        "token once more",
        "another process's token",
        "guessing numbers",
        "keeping a channel open",
        "eight processes",
        "second way to the same zone",
        "using a handle",
        "exhausting the table",
        "forging lines",
    ] {
        assert!(table.contains(attempt), "{attempt}");
    }
}
