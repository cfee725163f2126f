//! A program that is no folder gets what somebody has named, and nothing that merely lies beside it.

use cloison_tests::run::SECRET;
use cloison_tests::terminal::{shown, terminal};
use cloison_tests::{Project, users};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::io::Write;
use std::process::{Command, Stdio};

const GRANTS: &str = include_str!("../c/scripts_grants.toml");
const ZONE: &str = include_str!("../c/scripts.zone.toml");
const ROOT: &str = "import cloison\nprint(cloison.capability('m').sqrt(4.0))\n";

/// Whatever it tries, it learns nothing of what is beside it: neither text nor which folders there are.
#[test]
fn a_file_sees_no_neighbours() {
    let source = "import _cloison\nprint([_cloison.find(name) for name in ('secrets_of', 'work', 'work.proj', 'work.proj.settings', 'nothing')])\n";
    let project = Project::script(source)
        .file("secrets_of.py", "PASSWORD = 'hunter2'\n")
        .file("work/proj/settings.py", "PASSWORD = 'hunter2'\n");
    for &user in users() {
        project.main(&[]).user(user).output().prints("[None, None, None, None, None]\n");
    }
    // The control: with a root they are found.
    let output = project.main_with_modules().output().ends_with(0);
    assert_eq!(output.stdout.matches("hunter2").count(), 2, "{output}");
    let below = project.cloison(&["run", "--root", "work", "--root", "nowhere", "main.py"]).output();
    below.ends_with(2).complains(&["nowhere", "No such file"]);
}

#[test]
fn an_import_of_a_neighbour_names_the_option() {
    let project = Project::script("import helper\n").file("helper.py", "print('imported')\n");
    let output = project.main(&[]).output().ends_with(1);
    let output =
        output.complains(&["No module named 'helper'", "hint: `helper` is in .", "cloison run --root . main.py"]);
    assert!(!output.stderr.contains("error"), "{output}");
    project.main_with_modules().output().prints("imported\n");
    // Nothing to say: there is no such module, or the program did without it.
    let output = Project::script("import helper\n").main(&[]).output().ends_with(1);
    assert!(!output.stderr.contains("hint"), "{output}");
    project.write("main.py", include_bytes!("../python/scripts/an_import_of_a_neighbour_names_the_option.py"));
    let output = project.main(&[]).output();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("without\n", ""), "{output}");
}

#[test]
fn a_manifest_beside_a_file_is_named_and_not_used() {
    let project = Project::script(ROOT).file("cloison.toml", GRANTS).file("c.zone.toml", ZONE);
    project.write("vendor/x.py", b"");
    let output = project.cloison(&["run", "main.py"]).output().ends_with(2);
    let output = output.complains(&[
        "./cloison.toml would give main.py more than computing",
        "capability c: call abs of libc.so.6",
        "capability c: have libc.so.6 read /etc",
        "capability m: call sqrt of libm.so.6",
        "modules from vendor",
        "hint: `cloison run --manifest ./cloison.toml main.py` grants it",
    ]);
    assert_eq!(output.stdout, "", "{output}");
    project.cloison(&["run", "--manifest", "./cloison.toml", "main.py"]).output().prints("2.0\n");
    // As the second hint says: without it.
    let without = project.cloison(&["run", "-"]).stdin(ROOT).output().ends_with(1);
    without.complains(&["CapabilityDenied", "cloison.toml is not in use", "cloison run --manifest cloison.toml"]);
    project.cloison(&["run", "--manifest", "none.toml", "main.py"]).output().ends_with(2).complains(&["none.toml"]);
    // A folder is named with its manifest.
    project.cloison(&["run", "--manifest", "cloison.toml", "."]).output().ends_with(2).complains(&["hint"]);
    project.write("__main__.py", ROOT.as_bytes());
    project.application(&[]).output().prints("2.0\n");
}

/// Who sits at a terminal is asked.
#[test]
fn somebody_may_consent() {
    let project = Project::script(ROOT).file("cloison.toml", GRANTS).file("c.zone.toml", ZONE);
    project.write("vendor/x.py", b"");
    for (answer, code, printed) in [("y\n", 0, "2.0\n"), ("\n", 2, ""), ("no\n", 2, ""), ("\u{4}", 2, "")] {
        let (far, near) = terminal();
        let mut command = Command::new(project.path("bin/cloison"));
        command.args(["run", "main.py"]).current_dir(project.path("app")).env_clear().stdout(Stdio::piped());
        command.stdin(near.try_clone().expect("a descriptor")).stderr(near);
        let child = command.spawn().expect("cloison starts");
        drop(command); // and with it our copies of the terminal
        let mut keys = std::fs::File::from(far.try_clone().expect("a descriptor"));
        keys.write_all(answer.as_bytes()).expect("it is open");
        let output = child.wait_with_output().expect("a child");
        let screen = shown(far);
        assert!(screen.contains("capability c: call abs of libc.so.6") && screen.contains("[y/N]"), "{screen}");
        let printed_now = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!((output.status.code(), printed_now.as_str()), (Some(code), printed), "{answer:?}: {screen}");
    }
}

#[test]
fn limits_beside_a_file_count() {
    let source = include_str!("../python/scripts/limits_beside_a_file_count.py");
    let project = Project::script(source).file("cloison.toml", "[limits]\nmemory = \"128 MiB\"\n");
    project.cloison(&["run", "main.py"]).output().prints("limited\n");
}

/// Files that do not end, or that nobody writes to, are no manifests and no programs.
#[test]
fn only_regular_files_are_read() {
    let project = Project::new().file("app.py", "def main(): pass\n");
    project.write(
        "cloison.toml",
        b"[app]\nentry = \"app:main\"\n[capabilities.z]\nzone = \"z.zone.toml\"\nallow = \"*\"\n",
    );
    for target in ["/dev/zero", "/dev/tty"] {
        let link = project.app("z.zone.toml");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(target, &link).expect("a link");
        project.cloison(&["check", "."]).output().ends_with(1).complains(&["z.zone.toml", "not a regular file"]);
        project.application(&[]).output().ends_with(2).complains(&["z.zone.toml", "not a regular file"]);
        project.cloison(&["stub", "z.zone.toml"]).output().ends_with(2).complains(&["not a regular file"]);
    }
    project.cloison(&["run", "/dev/zero"]).output().ends_with(2).complains(&["not a regular file", "cloison run -"]);
    // The kernel's files call themselves regular. What is in this one would stand in the SyntaxError.
    std::os::unix::fs::symlink("/proc/self/environ", project.app("environ.py")).expect("a link");
    let refused = project.cloison(&["run", "environ.py"]).output().ends_with(2);
    assert!(!refused.complains(&["environ.py", "not a regular file"]).stderr.contains(SECRET.1));
    mknodat(CWD, project.app("pipe.py"), FileType::Fifo, Mode::RUSR, 0).expect("a pipe");
    project.cloison(&["run", "pipe.py"]).output().ends_with(2).complains(&["pipe.py", "not a regular file"]);
    std::fs::File::create(project.app("large.py")).and_then(|file| file.set_len(3 << 30)).expect("a file");
    project.cloison(&["run", "large.py"]).output().ends_with(2).complains(&["large.py", "16 MiB"]);
}

/// Millions of them would be too many tokens for the parser's memory.
#[test]
fn zeros_are_no_program() {
    let project = Project::new();
    std::fs::write(project.app("zeros.py"), vec![0; 3 << 20]).expect("a file");
    let refused = project.cloison(&["run", "zeros.py"]).output().ends_with(1);
    refused.complains(&["SyntaxError: source code cannot contain null bytes (zeros.py)"]);
    std::fs::write(project.app("empty.py"), "").expect("a file");
    project.cloison(&["run", "empty.py"]).output().ends_with(0).prints("");
}

/// `html/` with pages beside the modules of an application is a folder, and `import html` still means the library's.
#[test]
fn a_folder_without_code_takes_no_name_from_the_library() {
    let program = include_str!("../python/scripts/a_folder_without_code_takes_no_name_from_the_library.py");
    let project = Project::new()
        .file("__main__.py", program)
        .file("html/page.html", "<p>page</p>")
        .file("plain/inside.py", "NAME = __name__\n");
    project.application(&[]).output().prints("&lt; plain.inside None\n");
}
