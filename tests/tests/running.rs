//! Programs run as `python` would run them, and end as it would.

use cloison_tests::leftovers::{self, Process};
use cloison_tests::run::{PATIENCE, interrupted};
use cloison_tests::{Project, users};
use rustix::process::Signal;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn everything_behind_the_program_is_its_own() {
    let project = Project::script("import sys\nprint(sys.argv[1:])\n");
    let output = project.main(&["--help", "-v", "--", "x", "--version"]).output().ends_with(0);
    assert_eq!(output.stdout, "['--help', '-v', '--', 'x', '--version']\n");
}

#[test]
fn a_bare_file_just_runs() {
    let project = Project::new().file("t.py", "print(2+2)");
    for &user in users() {
        project.cloison(&["run", "t.py"]).user(user).output().prints("4\n");
    }
}

#[test]
fn a_bare_file_is_main() {
    let source = include_str!("../python/running/a_bare_file_is_main.py");
    let output = Project::script(source).main(&["one", "--two", "drei ü"]).output();
    output.prints("__main__ main.py ['main.py', 'one', '--two', 'drei ü']\n1\nas expected\n");
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_the_command() {
    let output = Project::new().cloison(&["run", "nothing.py"]).output();
    output.ends_with(2).complains(&["nothing.py", "No such file"]);
}

#[test]
fn standard_input_is_read() {
    let source = include_str!("../python/running/standard_input_is_read.py");
    Project::script(source).main(&[]).stdin("Zoë\na\nbc\n").output().prints("Zoë 5 2\nTrue\n");
    let end = include_str!("../python/running/standard_input_is_read_end.py");
    Project::script(end).main(&[]).output().prints("end\n");
}

#[test]
fn system_exit_gives_the_status() {
    let project = Project::script(include_str!("../python/running/system_exit_gives_the_status.py"));
    for code in [0, 3, 255] {
        project.main(&[&code.to_string()]).output().ends_with(code);
    }
    project.main(&["None"]).output().ends_with(0);
    let output = project.main(&["a sentence"]).output().ends_with(1);
    assert_eq!(output.stderr, "a sentence\n");
}

#[test]
fn standard_error_is_standard_error() {
    let output = Project::script(include_str!("../python/running/standard_error_is_standard_error.py"))
        .main(&[])
        .output()
        .ends_with(0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("out\n", "err\n"));
}

#[test]
fn an_uncaught_exception_prints_a_traceback() {
    let source = include_str!("../python/running/an_uncaught_exception_prints_a_traceback.py");
    let output = Project::script(source).main(&[]).output().ends_with(1);
    assert_eq!(output.stdout, "before\n");
    let output = output.complains(&[
        "Traceback (most recent call last):",
        "File \"main.py\", line 5, in <module>",
        "divide(1, 0)",
        "File \"main.py\", line 2, in divide",
        "return a / b  # here",
    ]);
    assert!(output.stderr.trim_end().ends_with("ZeroDivisionError: division by zero"), "{output}");
}

#[test]
fn a_syntax_error_shows_the_line() {
    let output = Project::script("x = 1\ny = = 2\n").main(&[]).output().ends_with(1);
    output.complains(&["main.py", "line 2", "y = = 2", "SyntaxError"]);
}

#[test]
fn an_exception_in_an_imported_module_shows_its_line() {
    let project =
        Project::script("import helper\nhelper.fail()").file("helper.py", "def fail():\n    raise KeyError('lost')\n");
    let output = project.main_with_modules().output().ends_with(1);
    output.complains(&["helper.py\", line 2, in fail", "raise KeyError('lost')", "KeyError: 'lost'"]);
}

const PACKAGES: [(&str, &str); 9] = [
    ("cloison.toml", "[app]\nentry = \"app:main\"\nsite_packages = [\"vendor\"]\n"),
    ("app.py", include_str!("../python/running/imports_shapes.py")),
    ("shapes/__init__.py", "print('shapes is imported')\n"),
    ("shapes/round.py", include_str!("../python/running/shapes_round.py")),
    ("shapes/square.py", "def area(a):\n    return a * a\n"),
    ("shapes/solid/ball.py", "from .. import square\n"),
    ("shapes/constants.py", "PI = 3\n"),
    ("vendor/third/__init__.py", "from third.inner import answer\n"),
    ("vendor/third/inner.py", "def answer():\n    return 42\n"),
];

#[test]
fn an_application_runs_its_entry() {
    let project = PACKAGES.iter().fold(Project::new(), |project, (name, text)| project.file(name, text));
    for &user in users() {
        let output = project.application(&["x", "-y"]).user(user).output().ends_with(5);
        let expected = "shapes is imported\napp is imported\n12 9 42 ./vendor/third/__init__.py\n['x', '-y'] app\n";
        assert_eq!(output.stdout, expected, "{output}");
    }
    let by_manifest = project.cloison(&["run", "cloison.toml"]).output().ends_with(5);
    assert_eq!(by_manifest.stdout.matches("is imported").count(), 2, "{by_manifest}");
}

#[test]
fn the_application_comes_before_the_standard_library() {
    let project = Project::script("import json, textwrap\nprint(json.__file__, json.mine, textwrap.dedent('  x'))")
        .file("json.py", "mine = True\n");
    project.main_with_modules().output().prints("./json.py True x\n");
}

#[test]
fn an_import_that_fails_ends_an_application_with_its_traceback() {
    let manifest = "[app]\nentry = \"app:main\"\n";
    let project = Project::new().file("cloison.toml", manifest).file("app.py", "import numpy\ndef main(): pass\n");
    project.application(&[]).output().ends_with(1).complains(&[
        "app.py\", line 1",
        "import numpy",
        "No module named 'numpy'",
    ]);
    let project = Project::new().file("cloison.toml", manifest).file("app.py", "def start(): pass\n");
    project.application(&[]).output().ends_with(1).complains(&["main"]);
    let project = Project::new().file("cloison.toml", manifest).file("app.py", "import sys\nsys.exit(4)\n");
    project.application(&[]).output().ends_with(4);
}

/// The template is gone before it is ready: that is an end like any other.
#[test]
fn an_import_that_ends_the_process_ends_the_run() {
    let ends = [
        ("import os\nos._exit(3)\n", "status 3"),
        (include_str!("../python/running/an_import_that_ends_the_process_ends_the_run.py"), "memory"),
    ];
    for (source, reason) in ends {
        let project = Project::new().file("app.py", source);
        project.write("cloison.toml", b"[app]\nentry = \"app:main\"\n[limits]\nmemory = \"128 MiB\"\n");
        let output = project.application(&[]).output();
        assert_ne!(output.code(), 0, "{output}");
        output.complains(&[reason]);
    }
}

#[test]
fn nothing_outside_of_the_application_is_imported() {
    let project = Project::script(include_str!("../python/running/nothing_outside_of_the_application_is_imported.py"));
    std::fs::write(project.path("outside.py"), "").expect("a file");
    std::os::unix::fs::symlink(project.path("outside.py"), project.app("outside.py")).expect("a link");
    project.main_with_modules().output().prints("ModuleNotFoundError\n");
    // The control: the same name as a file of the application.
    let project = Project::script("import outside\nprint('imported')").file("outside.py", "");
    project.main_with_modules().output().prints("imported\n");
}

/// A program that says when it is in its endless work.
const WAITS: &str = include_str!("../python/running/waits.py");

fn started(output: &mut impl Read) {
    let mut line = [0; 8];
    output.read_exact(&mut line).expect("started");
    assert_eq!(&line, b"started\n");
}

#[test]
fn ctrl_c_is_a_keyboard_interrupt() {
    for source in [WAITS, include_str!("../python/running/loops.py"), "print('started', flush=True)\ninput()\n"] {
        let project = Project::script(source);
        let (output, rest) = interrupted(|| {
            let mut running = project.main(&[]).start_with(Stdio::piped());
            let mut stdout = running.stdout();
            started(&mut stdout);
            running.interrupt();
            let mut rest = String::new();
            stdout.read_to_string(&mut rest).expect("UTF-8");
            Some((running.finish().by_itself()?, rest))
        });
        let output = output.ends_with(130).complains(&["Traceback", "KeyboardInterrupt"]);
        assert_eq!(rest, if source == WAITS { "cleaned up\n" } else { "" }, "{output}");
    }
}

/// A zone whose only function never returns.
fn endless() -> Project {
    let manifest = include_str!("../c/running_endless.toml");
    let zone = include_str!("../c/running_endless.zone.toml");
    let app = include_str!("../python/running/endless.py");
    let library = "#include <signal.h>\nvoid forever(void) { sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, 0); for (;;); }";
    let project = Project::new().file("cloison.toml", manifest).file("loop.zone.toml", zone).file("app.py", app);
    project.library("loop.so", library)
}

/// Waits until that is so of the project's processes.
fn wait_for(project: &Project, holds: impl Fn(&[Process]) -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds(&leftovers::processes(project.folder())) {
        assert!(Instant::now() < until, "{:?}", leftovers::processes(project.folder()));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether all of its threads wait for something.
fn is_asleep(pid: i32) -> bool {
    let state = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("stat")).ok();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    // The state follows the name, which ends at the last parenthesis.
    tasks.filter_map(state).all(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S')))
}

/// Whether a thread of it blocks SIGTERM: `forever` does, and nothing else in a zone.
fn is_deaf(pid: i32) -> bool {
    let status = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("status")).ok();
    let blocked = |status: String| {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).map(str::trim);
        mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask >> 14 & 1 == 1)
    };
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.filter_map(status).any(blocked)
}

/// Whether `forever` runs and everybody else waits.
fn is_in_forever(processes: &[Process]) -> bool {
    // Threads of the broker's are deaf as well.
    let is_zone =
        |pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "cloison-zone");
    let deaf = |process: &&Process| is_zone(process.pid) && is_deaf(process.pid);
    let (deaf, others): (Vec<_>, Vec<_>) = processes.iter().partition(deaf);
    !deaf.is_empty() && others.iter().all(|process| is_asleep(process.pid))
}

#[test]
fn ctrl_c_reaches_a_call_that_never_returns() {
    let project = endless();
    // While the zone starts, while the call begins, and when everybody waits.
    for pause_ms in (0..20).map(Some).chain([None]) {
        let output = interrupted(|| {
            let mut running = project.application(&[]).start_with(Stdio::piped());
            started(&mut running.stdout());
            match pause_ms {
                Some(pause_ms) => std::thread::sleep(Duration::from_millis(pause_ms)),
                None => wait_for(&project, is_in_forever),
            }
            running.interrupt();
            running.finish().by_itself()
        });
        let output = output.ends_with(130).complains(&["KeyboardInterrupt"]);
        if pause_ms.is_none() {
            output.complains(&["forever()"]);
        }
    }
}

#[test]
fn ctrl_c_ends_an_endless_import() {
    let project = Project::new().file("cloison.toml", "[app]\nentry = \"app:main\"\n");
    let project = project.file("app.py", include_str!("../python/running/ctrl_c_ends_an_endless_import.py"));
    let mut running = project.application(&[]).start_with(Stdio::piped());
    started(&mut running.stdout());
    running.signal(Signal::INT);
    running.finish().ends_with(130);
}

#[test]
fn a_program_may_catch_the_first_ctrl_c_but_not_the_second() {
    let source = include_str!("../python/running/a_program_may_catch_the_first_ctrl_c_but_not_the_second.py");
    let project = Project::script(source);
    let (running, mut stdout, line) = interrupted(|| {
        let mut running = project.main(&[]).start_with(Stdio::piped());
        let mut stdout = running.stdout();
        started(&mut stdout);
        running.interrupt();
        let mut line = [0; 7];
        if stdout.read_exact(&mut line).is_err() {
            // It said nothing: had it not caught it, it would have ended by itself.
            return running.finish().ends_with(130).by_itself().map(|output| panic!("{output}"));
        }
        Some((running, stdout, line))
    });
    assert_eq!(&line, b"caught\n");
    running.signal(Signal::INT);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("UTF-8");
    running.finish().ends_with(130);
    assert_eq!(rest, "", "it is not asked again");
}

#[test]
fn sigterm_ends_it() {
    let project = Project::script(WAITS);
    let mut running = project.main(&[]).start_with(Stdio::piped());
    started(&mut running.stdout());
    running.signal(Signal::TERM);
    running.finish().ends_with(128 + 15);
}

#[test]
fn nothing_survives_a_killed_broker() {
    let project = endless();
    for &user in users() {
        let mut running = project.application(&[]).user(user).start_with(Stdio::piped());
        started(&mut running.stdout());
        wait_for(&project, is_in_forever);
        let before = leftovers::processes(project.folder());
        let count = |name| before.iter().filter(|process| process.name == name).count();
        assert!(count("cloison-zone") >= 2 && count("cloison-microprocess") >= 2, "the control sees them: {before:?}");
        running.signal(Signal::KILL);
        running.finish().ends_with(-9); // which fails if anything is left after a second
    }
}

#[test]
fn a_closed_pipe_is_an_error_of_the_program_and_no_hang() {
    let source = include_str!("../python/running/a_closed_pipe_is_an_error_of_the_program_and_no_hang.py");
    let project = Project::script(source);
    let mut running = project.main(&[]).start_with(Stdio::piped());
    let mut stdout = running.stdout();
    let mut some = [0; 1000];
    stdout.read_exact(&mut some).expect("output");
    drop(stdout);
    running.finish().ends_with(7).complains(&["broken"]);
    let project = Project::script("for _ in range(100000):\n    print('x' * 1000)\n");
    let mut running = project.main(&[]).start_with(Stdio::piped());
    drop(running.stdout());
    let output = running.finish();
    assert_ne!(output.code(), 0, "{output}");
    output.complains(&["BrokenPipeError"]);
}

#[test]
fn much_output_arrives_complete() {
    let output = Project::script("for number in range(300000):\n    print(number)\n").main(&[]).output().ends_with(0);
    assert_eq!(output.stdout.lines().count(), 300_000);
    assert_eq!(output.stdout.lines().last(), Some("299999"));
}

#[test]
fn much_input_passes_through() {
    let source = include_str!("../python/running/much_input_passes_through.py");
    let project = Project::script(source);
    let mut running = project.main(&[]).start_with(Stdio::piped());
    let mut stdout = running.stdout();
    let block: Vec<u8> = (0..1 << 20).map(|index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let expected = block.clone();
    let reader = std::thread::spawn(move || {
        let mut got = vec![0; 1 << 20];
        for _ in 0..64 {
            stdout.read_exact(&mut got).expect("64 MiB");
            assert!(got == expected, "what came out is not what went in");
        }
        assert_eq!(stdout.read(&mut got).expect("the end"), 0);
    });
    for _ in 0..64 {
        running.stdin().write_all(&block).expect("it reads");
    }
    running.finish().ends_with(0);
    reader.join().expect("equal");
}

#[test]
fn memory_is_limited() {
    let source = include_str!("../python/running/memory_is_limited.py");
    let project = Project::script(source).file("cloison.toml", "[limits]\nmemory = \"128 MiB\"\n");
    let output = project.main(&[]).output().ends_with(0);
    let got: u32 = output.stdout.trim().parse().expect("a number");
    assert!((16..=128).contains(&got), "{got} MiB");
}

#[test]
fn processor_time_is_limited() {
    let project = Project::script("while True:\n    pass\n").file("cloison.toml", "[limits]\ncpu = \"1 s\"\n");
    let output = project.main(&[]).output();
    assert!(output.code() != 0, "{output}");
    output.complains(&["cpu"]);
}

#[test]
fn what_libraries_do_after_a_fork_is_done() {
    // asyncio has a handler that takes the wake-up descriptor away; modules at the top level are imported before the fork.
    let project = Project::new()
        .file("cloison.toml", "[app]\nentry = \"app:main\"\n")
        .file("app.py", include_str!("../python/running/what_libraries_do_after_a_fork_is_done.py"));
    project.application(&[]).output().prints("-1 fine\n");
}
