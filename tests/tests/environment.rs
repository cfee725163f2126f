//! `zone = "env"`: the variables of who holds it, and no others.

use cloison_tests::Project;
use cloison_tests::run::SECRET;

#[test]
fn who_holds_it_begins_with_its_variables() {
    let manifest = "[capabilities.env]\nzone = \"env\"\npass = [\"PATH\", \"NOT_SET\"]\n\
                    variables = { HOME = \"/data\", EMPTY = \"\" }\n";
    let project = Project::script(include_str!("../python/environment.py")).file("cloison.toml", manifest);
    let all = "[('EMPTY', ''), ('HOME', '/data'), ('PATH', '/usr/bin:/bin')]";
    project.main(&[]).output().prints(&format!("{all} /data\n{all}\n[]\n"));
}

/// They may be secrets.
#[test]
fn values_are_shown_to_nobody_else() {
    let manifest = format!("[capabilities.env]\nzone = \"env\"\npass = [\"{}\"]\n", SECRET.0);
    let script = include_str!("../python/environment/values_are_shown_to_nobody_else.py");
    let project = Project::script(script).file("cloison.toml", &manifest);
    let output = project.cloison(&["-vv", "run", "--manifest", "cloison.toml", "main.py"]).output().ends_with(1);
    assert!(output.stdout == "1\n" && output.stderr.contains("AttributeError"), "{output}");
    assert!(!output.stderr.contains(SECRET.1), "{output}");
}

/// A variable that is read when a script is imported: whoever runs a function of it imports it with what it holds itself.
#[test]
fn what_is_read_at_import_is_each_process_s_own() {
    let manifest = "[capabilities.env]\nzone = \"env\"\nvariables = { MODE = \"granted\" }\n";
    let script = include_str!("../python/environment/what_is_read_at_import_is_each_process_s_own.py");
    let project = Project::script(script).file("cloison.toml", manifest);
    project.main(&[]).output().prints("granted\ndone\n");
}
