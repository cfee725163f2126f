//! Programs in documents print what stands below them.

use cloison_tests::Project;

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
