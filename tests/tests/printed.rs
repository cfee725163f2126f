//! What the runtime writes for people to read holds nothing that a terminal obeys, whosever text it is; what a program prints is its
//! own.

use cloison_tests::{Output, Project};

const C: &str = r#"
const char *explain(int code)
{
    (void)code;
    return "\033]0;title\007 \033[2J\r\302\233gone \342\200\256turned";
}

int fail(void)
{
    return -1;
}
"#;

const ZONE: &str = r#"
[zone]
name = "case"
version = "1.0.0"
library = { path = "case.so" }

[functions.explain]
c = "const char *explain(int code)"
internal = true
returns = { text = true }

[functions.fail]
c = "int fail(void)"
returns = { error_unless = "== 0", message = "explain" }
"#;

/// As it is printed.
const SAFE: &str = r"\u{1b}]0;title\u{7} \u{1b}[2J\u{d}\u{9b}gone \u{202e}turned";

/// Standard error has the text so often, and nothing in its true form.
#[track_caller]
fn is_safe(output: &Output, times: usize) {
    let obeyed = |one: char| one.is_control() && one != '\n' || one == '\u{202e}';
    assert!(!output.stderr.contains(obeyed), "{:?}", output.stderr);
    assert_eq!(output.stderr.matches(SAFE).count(), times, "{output}");
}

#[test]
fn what_the_runtime_prints_holds_nothing_that_a_terminal_obeys() {
    let manifest = "[capabilities.lib]\nzone = \"case.zone.toml\"\nallow = \"*\"\n";
    let project = Project::script(include_str!("../python/printed/program.py")).library("case.so", C);
    let project = project.file("case.zone.toml", ZONE).file("cloison.toml", manifest);
    for (how, status, times) in [
        ("raise", 1, 1),
        ("chain", 1, 2),
        ("note", 1, 2),
        ("exit", 1, 1),
        ("file", 1, 1),
        ("hook", 1, 2),
        ("no hook", 1, 1),
        ("del", 0, 1),
        ("repr", 0, 3),
        ("warning", 0, 1),
    ] {
        let output = project.main(&[how]).output().ends_with(status);
        is_safe(&output, times);
        assert_eq!(output.stdout, "\u{1b}[1mmine True\n", "what the program prints, and has");
    }
    let own = project.main(&["own"]).output().ends_with(0);
    assert_eq!(own.stderr, "\u{1b}[1mmine\n");
}

#[test]
fn neither_does_what_the_command_prints() {
    let text = r"\x1b]0;title\x07 \x1b[2J\r\x9bgone \u202eturned";
    for raises in ["raise ValueError(text)", "import sys; sys.exit(text)"] {
        let project = Project::new().file("cloison.toml", "[app]\nentry = \"app:main\"\n");
        let project = project.file("app.py", &format!("text = \"{text}\"\n{raises}\n"));
        is_safe(&project.application(&[]).output().ends_with(1), 1);
    }
    let key = "\u{1b}[2J\u{9b}\u{202e}";
    let project =
        Project::new().file("cloison.toml", &format!("[app]\nentry = \"app:main\"\n# {key}\n\"{key}\" = 1\n"));
    for arguments in [&["check", "cloison.toml"][..], &["run", "."]] {
        let output = project.cloison(arguments).output();
        assert_ne!(output.code(), 0);
        is_safe(&output, 0);
    }
}
