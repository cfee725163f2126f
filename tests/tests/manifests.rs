//! `cloison check` finds mistakes without running anything, and says where they are.

use cloison_tests::Project;

const ZONE: &str = "[zone]\nname = \"own\"\nversion = \"1.0.0\"\nlibrary = { path = \"own.so\" }\n\n[functions.one]\nc = \"int one(void)\"\n";
const APPLICATION: &str = include_str!("../c/manifests_application.toml");
/// Its constructor would leave a mark: checking loads nothing.
const LIBRARY: &str = "#include <stdio.h>\n__attribute__((constructor)) static void mark(void) { FILE *mark = fopen(MARK, \"w\"); if (mark) fclose(mark); }\nint one(void) { return 1; }\n";

fn project() -> Project {
    let project = Project::new().file("cloison.toml", APPLICATION).file("own.zone.toml", ZONE);
    let mark = format!("MARK=\"{}\"", project.path("tmp/mark").display());
    project.file("app.py", "open('never run')\n").library_with("own.so", LIBRARY, &[mark])
}

#[test]
fn what_is_right_is_ok() {
    let project = project();
    for path in [".", "cloison.toml"] {
        let output = project.cloison(&["check", path]).output().ends_with(0);
        assert!(output.stdout.contains("zone own, 1 function of") && output.stdout.contains("libz.so.1"), "{output}");
        assert_eq!(output.stderr, "", "{output}");
    }
    project.cloison(&["check", "own.zone.toml"]).output().ends_with(0);
    let json = project.cloison(&["check", "--json", "."]).output().ends_with(0).json();
    assert_eq!(json[0]["zones"].as_array().map(Vec::len), Some(2), "{json}");
    assert_eq!((&json[0]["errors"], &json[0]["mistakes"]), (&serde_json::json!([]), &serde_json::json!([])), "{json}");
    assert!(!project.path("tmp/mark").exists(), "the library was loaded");
}

#[test]
fn mistakes_are_shown_with_line_and_caret() {
    let project = project();
    project.write("own.zone.toml", ZONE.replace("int one(void)", "int one(char *text)").as_bytes());
    let output = project.cloison(&["check", "own.zone.toml"]).output().ends_with(1);
    let output = output.complains(&["error", "own.zone.toml:7:", "c = \"int one(char *text)\"", "^", "text", "hint"]);
    assert_eq!(output.stdout, "");
    // The same stops a run, before anything is started.
    project.application(&[]).output().ends_with(2).complains(&["own.zone.toml:7:", "^"]);
}

#[test]
fn several_mistakes_come_at_once() {
    let project = project();
    let bad = APPLICATION
        .replace("allow = [\"one\"]", "alow = [\"one\"]")
        .replace("allow = \"*\"", "allow = [\"crc23\"]")
        .replace("app:main", "app.py");
    project.write("cloison.toml", bad.as_bytes());
    let output = project.cloison(&["check", "."]).output().ends_with(1);
    let output = output.complains(&["cloison.toml:2:", "cloison.toml:6:", "alow", "allow", "app:main"]);
    assert!(output.stderr.matches("error").count() >= 2, "{output}");
    let bad = APPLICATION.replace("allow = \"*\"", "allow = [\"crc23\"]");
    project.write("cloison.toml", bad.as_bytes());
    project.cloison(&["check", "."]).output().ends_with(1).complains(&[
        "cloison.toml:10:",
        "crc23",
        "did you mean `crc32`?",
    ]);
}

#[test]
fn json_has_the_same_mistakes() {
    let project = project();
    project.write("own.zone.toml", ZONE.replace("version", "verson").as_bytes());
    let json = project.cloison(&["check", "--json", "own.zone.toml", "cloison.toml"]).output().ends_with(1).json();
    assert_eq!(json.as_array().map(Vec::len), Some(2), "{json}");
    let mistakes = json[0]["mistakes"].as_array().expect("a list");
    let lines: Vec<_> = mistakes.iter().map(|mistake| mistake["line"].as_u64()).collect();
    assert!(lines.contains(&Some(3)), "{json}");
    assert!(
        mistakes.iter().any(|mistake| mistake["message"].as_str().is_some_and(|text| text.contains("verson"))),
        "{json}"
    );
}

#[test]
fn a_missing_library_names_the_line() {
    let project = project();
    std::fs::remove_file(project.app("own.so")).expect("it was there");
    let output = project.cloison(&["check", "."]).output().ends_with(1);
    output.complains(&["own.zone.toml:4", "own.so", "No such file"]);
    project
        .write("own.zone.toml", ZONE.replace("{ path = \"own.so\" }", "{ soname = \"libnone-such.so.9\" }").as_bytes());
    project.cloison(&["check", "."]).output().ends_with(1).complains(&["own.zone.toml:4", "libnone-such.so.9"]);
}

#[test]
fn what_is_no_library_names_the_line() {
    let project = project();
    project.write("own.so", b"#!/bin/sh\necho I am a library, believe me\n");
    project.cloison(&["check", "."]).output().ends_with(1).complains(&["own.zone.toml:4", "not an ELF file"]);
    let digest =
        "{ path = \"own.so\", sha256 = [\"0000000000000000000000000000000000000000000000000000000000000000\"] }";
    let project = self::project();
    project.write("own.zone.toml", ZONE.replace("{ path = \"own.so\" }", digest).as_bytes());
    project.cloison(&["check", "."]).output().ends_with(1).complains(&["own.zone.toml:4", "SHA-256", "own.so"]);
}

#[test]
fn a_missing_symbol_names_the_line_and_what_may_be_meant() {
    let project = project();
    project.write("own.zone.toml", ZONE.replace("int one(void)", "int onee(void)").as_bytes());
    let output = project.cloison(&["check", "."]).output().ends_with(1);
    output.complains(&["own.zone.toml:7", "onee", "`one`"]);
}

/// The same at run time: an error of the call that needed the zone, with the same line.
#[test]
fn what_cannot_be_loaded_is_a_typed_error_of_the_call() {
    let app = include_str!("../python/manifests/what_cannot_be_loaded_is_a_typed_error_of_the_call.py");
    let cases = [
        ("{ path = \"gone.so\" }", "int one(void)", "own.zone.toml:4", "gone.so"),
        ("{ path = \"own.so\" }", "int onee(void)", "own.zone.toml:7", "did you mean `one`?"),
    ];
    for (library, prototype, line, what) in cases {
        let project = project().file("app.py", app);
        project.write(
            "own.zone.toml",
            ZONE.replace("{ path = \"own.so\" }", library).replace("int one(void)", prototype).as_bytes(),
        );
        let output = project.application(&[]).output().ends_with(0);
        assert!(
            output.stdout.starts_with("907060870\nown ")
                && output.stdout.contains(line)
                && output.stdout.contains(what),
            "{output}"
        );
    }
}

#[test]
fn a_folder_without_anything_to_run_says_what_would_be_needed() {
    let project = Project::new();
    project.application(&[]).output().ends_with(2).complains(&["cloison.toml", "__main__.py", "hint"]);
    project.cloison(&["check", "."]).output().ends_with(1).complains(&["cloison.toml"]);
    let project = Project::new().file("cloison.toml", "[limits]\nmemory = \"64 MiB\"\n");
    project.application(&[]).output().ends_with(2).complains(&["entry"]);
}
