//! `zone = "process"`: `subprocess` works on granted programs as in CPython, and on nothing else.

use cloison_tests::run::PATIENCE;
use cloison_tests::{Project, users};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ORDINARY: &str = include_str!("../python/process/ordinary.py");
const REFUSED: &str = include_str!("../python/process/refused.py");
const LIMITS: &str = include_str!("../python/process/limits.py");

/// Debian's Python: what is granted has to be a program in a folder that the loader knows.
const PYTHON: &str = "/usr/bin/python3";

fn manifest(rules: &str, more: &str) -> String {
    format!(
        "[capabilities.tools]\nzone = \"process\"\ncommands = [\n    {{ name = \"tool\", path = \"{PYTHON}\", arguments = {rules}{more} }},\n]\n"
    )
}

#[test]
fn subprocess_does_what_it_does_elsewhere() {
    for &user in users() {
        let project = Project::script(ORDINARY).file("cloison.toml", &manifest("[[\"-u\"], \"-c\", \"*\"]", ""));
        let mut python = Command::new("python3");
        python.arg(project.app("main.py")).arg(PYTHON);
        user.apply(&mut python);
        let expected = python.output().expect("python3");
        assert!(expected.status.success(), "{}", String::from_utf8_lossy(&expected.stderr));
        let expected = String::from_utf8_lossy(&expected.stdout).into_owned();
        for name in ["tool", PYTHON] {
            project.main(&[name]).user(user).output().prints(&expected);
        }
    }
}

/// No program of the machine, but a microprocess that has what its parent has. No capability is needed to start one.
#[test]
fn python_itself_is_a_microprocess() {
    for &user in users() {
        let files = "[app]\nentry = \"main:main\"\n[capabilities.files]\nzone = \"files\"\n\
                     roots = [{ at = \"/data\", path = \"../data\", allow = [\"read\", \"list\", \"write\", \"create\"] }]\n";
        let project =
            Project::new().file("main.py", include_str!("../python/process/python.py")).file("cloison.toml", files);
        let data = project.path("data");
        std::fs::create_dir(&data).expect("made");
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o777)).expect("set");
        project.cloison(&["run", "."]).user(user).output().prints(include_str!("../python/process/python.txt"));
    }
    let script = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])\n";
    let output =
        Project::script(script).file("cloison.toml", "[limits]\nchildren = 0\n").main(&[]).output().ends_with(1);
    assert!(output.stderr.contains("BlockingIOError") && output.stderr.contains("[limits] children"), "{output}");
}

/// What it says to its parent is not believed: one that sends more than there is room for, or something else, ends, and its parent goes on.
#[test]
fn a_python_that_floods_its_parent_ends() {
    let script = include_str!("../python/process/python_floods.py");
    Project::script(script).main(&[]).output().prints("-9\n-9\n-9\n-9\n-9\n-9\n-9\n-9\nnothing is left\n");
}

#[test]
fn a_python_that_receives_messages_does_not_see_its_streams() {
    let script = include_str!("../python/process/python_receives.py");
    Project::script(script).main(&[]).output().prints("0 none abc\n0 2621480\n");
}

#[test]
fn a_python_is_not_stopped() {
    let script = include_str!("../python/process/python_signals.py");
    let denied = "HostDenied 13\n".repeat(4);
    Project::script(script)
        .main(&[])
        .output()
        .prints(&format!("{denied}OSError 22\nOSError 22\nOSError 22\nNone\nNone\n-15\n"));
}

/// It gets what may be given, and where there may be no more processes the program hears what it would elsewhere.
#[test]
fn a_python_gets_what_may_be_given() {
    let files = "[capabilities.files]\nzone = \"files\"\ndelegate = false\nroots = [{ at = \"/data\", path = \"../data\", allow = [\"read\"] }]\n";
    for (limits, expected) in [
        ("", "0 False\n"),
        ("[limits]\nchildren = 2\n", "0 False\n"),
        ("[limits]\nchildren = 1\n", "BlockingIOError 11\n"),
        ("[limits]\nchildren = 0\n", "BlockingIOError 11\n"),
    ] {
        let project = Project::script(include_str!("../python/process/python_given.py"))
            .file("cloison.toml", &format!("{files}{limits}"));
        std::fs::create_dir(project.path("data")).expect("made");
        project.main(&[]).output().prints(&format!("True\n{expected}"));
    }
}

/// What was granted under that name is what is started.
#[test]
fn a_granted_program_comes_before_python_itself() {
    let script = include_str!("../python/process/python_granted.py");
    for (name, expected) in [("python3", "True\nTrue\n"), ("tool", "True\nFalse\n")] {
        let manifest = manifest("[\"-c\", \"*\"]", "").replace("name = \"tool\"", &format!("name = \"{name}\""));
        Project::script(script).file("cloison.toml", &manifest).main(&[]).output().prints(expected);
    }
}

#[test]
fn what_was_not_granted_says_which_line_would_change_that() {
    let project = Project::script(REFUSED).file("cloison.toml", &manifest("[\"-c\", \"*\"]", ""));
    let output = project.main(&[]).output().ends_with(0);
    assert!(!output.stdout.contains("started"), "{output}");
    for part in [
        "HostDenied [Errno 13] subprocess: \"tool\" with these arguments is not granted: an entry of `commands` with `name = \"tool\"` and `arguments = [\"push\"]` would have to be at cloison.toml:1",
        "ValueError embedded null byte",
        "HostDenied [Errno 13] subprocess: 'sh' is not granted: an entry with `path` and `arguments` would have to be in `commands` of [capabilities.tools] at ",
        "HostDenied [Errno 13] subprocess: '/bin/sh' is not granted",
        "HostDenied [Errno 13] subprocess: '/usr/bin/env' is not granted",
        "HostDenied [Errno 13] subprocess: '../bin/tool' is not granted",
        "`environment` in its entry",
        "`preexec_fn`",
        "`pass_fds`",
        "`user`",
        "\n13\n13\n22\n13\nChildProcessError\nProcessLookupError\nProcessLookupError\n",
    ] {
        assert!(output.stdout.contains(part), "no {part} in\n{output}");
    }
    let without = Project::script("import subprocess\nsubprocess.run(['true'])\n").main(&[]).output().ends_with(1);
    assert!(without.stderr.contains("[capabilities.process]"), "{without}");
}

#[test]
fn everything_has_an_end() {
    let limits = ", output = \"100 KiB\", time = \"2 s\", processes = 4";
    let text = manifest("[\"-c\", \"*\"]", limits) + "at_once = 2\n";
    let project = Project::script(LIMITS).file("cloison.toml", &text);
    let output = project.main(&[]).output();
    let said = "102000 400 0\n27\n27 it has put out more than `output` of its command allows, and was ended\n-9\nparent\n11 True\n0\n0\nroom again\nNone\n";
    output.prints(said);
}

#[test]
fn a_program_sees_its_folders_alone() {
    for &user in users() {
        let program = include_str!("../python/process/a_program_sees_its_folders_alone.py");
        let roots =
            ", roots = [{ at = \"/work\", path = \"../work\", allow = [\"read\", \"list\", \"write\", \"create\"] }]";
        let project = Project::script(program).file("cloison.toml", &manifest("[\"-c\", \"*\"]", roots));
        work(&project);
        std::fs::write(project.path("work/a"), "words").expect("written");
        project.main(&[]).user(user).output().prints("/work ['a'] words\n\n1\n");
        assert_eq!(std::fs::read_to_string(project.path("work/b")).expect("made"), "made");
    }
}

fn work(project: &Project) {
    std::fs::create_dir(project.path("work")).expect("a folder");
    std::fs::set_permissions(project.path("work"), std::fs::Permissions::from_mode(0o777)).expect("ours");
}

#[test]
fn no_file_of_a_program_s_gives_anybody_its_user() {
    for &user in users() {
        let roots =
            ", roots = [{ at = \"/work\", path = \"../work\", allow = [\"read\", \"list\", \"write\", \"create\"] }]";
        let project = Project::script(include_str!("../python/process/modes.py"))
            .file("cloison.toml", &manifest("[\"-c\", \"*\"]", roots));
        work(&project);
        let made = "import subprocess\nsubprocess.run(['tool', '-c', 'open(\"a\", \"w\")'], check=True)\n";
        project.write("make.py", made.as_bytes());
        project.cloison(&["run", "--manifest", "cloison.toml", "make.py"]).user(user).output().ends_with(0);
        project.main(&[]).user(user).output().prints(&format!("made made{}\n", " 1".repeat(12)));
    }
}

#[test]
fn pipes_lead_from_one_program_to_another() {
    let script = include_str!("../python/process/pipes.py");
    let project = Project::script(script).file("cloison.toml", &manifest("[\"-c\", \"*\"]", ", time = \"20 s\""));
    let expected = Command::new("python3").arg(project.app("main.py")).arg(PYTHON).output().expect("python3");
    assert!(expected.status.success(), "{}", String::from_utf8_lossy(&expected.stderr));
    project.main(&["tool"]).output().prints(&String::from_utf8_lossy(&expected.stdout));
}

/// Runs a program on CPython, and here on the granted tool: both print the same.
fn as_on_cpython(script: &str) {
    let project = Project::script(script).file("cloison.toml", &manifest("[\"-c\", \"*\"]", ", time = \"30 s\""));
    let expected = Command::new("python3").arg(project.app("main.py")).arg(PYTHON).output().expect("python3");
    assert!(expected.status.success(), "{}", String::from_utf8_lossy(&expected.stderr));
    project.main(&[PYTHON]).output().prints(&String::from_utf8_lossy(&expected.stdout));
}

#[test]
fn a_silent_program_keeps_nobody_waiting_and_a_reader_that_ends_is_told_of() {
    as_on_cpython(include_str!("../python/process/silent.py"));
}

#[test]
fn what_does_not_start_says_why() {
    as_on_cpython(include_str!("../python/process/starts.py"));
}

#[test]
fn what_is_too_long_or_cannot_be_executed_is_an_error_with_its_number() {
    let text = manifest("[\"-c\", [\"*\"]]", "")
        .replace("commands = [", "commands = [\n    { name = \"broken\", path = \"./broken\", arguments = [] },");
    let project = Project::script(include_str!("../python/process/too_long.py")).file("cloison.toml", &text);
    // It begins as a program does, and goes on as none.
    project.executable("broken", b"\x7fELF....");
    let output = project.main(&[]).output();
    output.prints(
        "2\n7 these arguments have 24577 bytes, and a program's have 24576 at most\n\
         7 these are 257 arguments, and a program has 256 at most\n8 program ./broken\n255\n",
    );
}

/// The children of a process, with their names; those that have ended and that nobody has waited for are among them.
fn children(parent: i32) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    let stats = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    stats
        .filter_map(|stat| {
            let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
            (rest.split_whitespace().nth(1)? == parent.to_string()).then(|| name.to_owned())
        })
        .collect()
}

#[test]
fn whoever_is_killed_while_something_starts_leaves_nothing_behind() {
    let text =
        manifest("[\"-c\", \"*\"]", "") + "at_once = 64\n[capabilities.files]\nzone = \"files\"\nscratch = \"1 MiB\"\n";
    let project = Project::script(include_str!("../python/process/killed.py")).file("cloison.toml", &text);
    let mut run = project.main(&[]).start_with(Stdio::piped());
    let mut line = [0; 7];
    run.stdout().read_exact(&mut line).expect("all are killed");
    // What is left are templates and microprocesses, with their init.
    let others =
        || children(run.pid()).into_iter().filter(|name| !name.starts_with("cloison-micro")).collect::<Vec<_>>();
    let patience = Instant::now() + PATIENCE;
    while !others().is_empty() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(others(), Vec::<String>::new());
    assert!(!children(run.pid()).is_empty(), "the control sees the template");
    run.finish().ends_with(0);
}

/// The first number is free again only when its file is closed, so that a second one would show.
#[test]
fn dev_null_is_opened_once() {
    let script = include_str!("../python/process/dev_null_is_opened_once.py");
    let project = Project::script(script).file("cloison.toml", &manifest("[]", ""));
    project.main(&[]).output().prints("[3, 4] ['', b''] []\n");
}

/// Whoever could write to a program's file would choose what is started.
#[test]
fn no_folder_that_changes_has_a_program_in_it() {
    let text = "[capabilities.files]\nzone = \"files\"\nroots = [{ at = \"/w\", path = \"bin\", allow = [\"read\", \"write\"] }]\n\
                [capabilities.tools]\nzone = \"process\"\ncommands = [{ path = \"./bin/tool\", arguments = [] }]\n";
    let project = Project::script("print('run')\n").file("cloison.toml", text).file("bin/none", "");
    std::fs::copy("/usr/bin/id", project.app("bin/tool")).expect("copied");
    project.main(&[]).output().ends_with(2).complains(&["bin/tool there, and with it what it is granted"]);
}

/// A script, a name, a file that is not there: none of them is a program.
#[test]
fn what_cannot_run_is_a_mistake() {
    for (path, said) in
        [("./tool.sh", "it is a script"), ("./none", "No such file"), ("python3", "is no path of a program")]
    {
        let text =
            format!("[capabilities.tools]\nzone = \"process\"\ncommands = [{{ path = \"{path}\", arguments = [] }}]\n");
        let project = Project::script("print('run')\n").file("cloison.toml", &text).file("tool.sh", "#!/bin/sh\n");
        std::fs::set_permissions(project.app("tool.sh"), std::fs::Permissions::from_mode(0o755)).expect("ours");
        let output = project.main(&[]).output().ends_with(2);
        assert!(output.stderr.contains(said), "{output}");
    }
}
