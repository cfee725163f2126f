//! Python in a microprocess has no way to anything native, and is told what would be needed.
//!
//! This is the language's wall; `raw_system_calls` tests the other one without it.

use cloison_tests::{Output, Project, users};
use std::io::{Read, Write};
use std::process::Stdio;

/// What a leak would show: it stands in a file that everybody can read.
const SECRET: &str = "the-canary-sings-at-dawn";

/// A file of the project, but not of the application, and a program that gets its path as its first argument.
fn project(source: &str) -> (Project, String) {
    let project = Project::script(source);
    let path = project.path("secret");
    std::fs::write(&path, SECRET).expect("a file");
    (project, path.display().to_string())
}

#[track_caller]
fn keeps_the_secret(output: Output) -> Output {
    assert!(!output.stdout.contains(SECRET) && !output.stderr.contains(SECRET), "leaked:\n{output}");
    output
}

#[test]
fn a_process_shows_no_token() {
    let source = include_str!("../python/no_native_access/a_process_shows_no_token.py");
    Project::script(source).main(&[]).output().prints("1 True True\nTrue []\n[] True\n");
}

/// C is for zones: a module that CPython would load is not there.
#[test]
fn a_native_module_is_not_imported() {
    let project = Project::script(include_str!("../python/no_native_access/native_module.py"))
        .library("fast.so", "int PyInit_fast(void) { return 0; }");
    project.main_with_modules().output().prints("import: ModuleNotFoundError\nloader: ImportError\n");
}

#[test]
fn a_file_cannot_be_opened() {
    let project = Project::script("print(open(\"/etc/passwd\"))");
    for &user in users() {
        let output = project.main(&[]).user(user).output().ends_with(1);
        let output = output.complains(&["print(open(\"/etc/passwd\"))", "HostDenied", "capability", "/etc/passwd"]);
        assert_eq!(output.stdout, "");
    }
    Project::script(include_str!("../python/no_native_access/a_file_cannot_be_opened.py"))
        .main(&[])
        .output()
        .prints("13 x\n");
}

/// What reaches the system by way of a native module on CPython, and a word of what would be needed instead.
const ATTEMPTS_AT_MODULES: [(&str, &str); 29] = [
    ("__import__('ctypes').CDLL(None).getpid()", "zone"),
    ("__import__('ctypes').CDLL('libc.so.6')", "zone"),
    ("__import__('_ctypes').dlopen('libc.so.6', 0)", "zone"),
    ("__import__('_ctypes').addressof(1)", "zone"),
    ("__import__('ctypes').c_int(5)", "zone"),
    ("__import__('ctypes').string_at(4096, 10)", "zone"),
    ("__import__('cffi')", "zone"),
    ("__import__('socket').socket()", "network"),
    ("__import__('socket').socketpair()", "network"),
    ("__import__('_socket').getaddrinfo('localhost', 1)", "network"),
    ("__import__('ssl').create_default_context().wrap_socket(object())", ""),
    ("__import__('select').select([0], [], [], 0)", "network"),
    ("__import__('socketserver').TCPServer(('', 0), None)", "network"),
    ("__import__('posix').open('/etc/passwd', 0)", "files"),
    ("__import__('nt')", ""),
    ("__import__('subprocess').run(['id'])", "programs"),
    ("__import__('multiprocessing').Process(target=print).start()", "programs"),
    ("__import__('multiprocessing.shared_memory').shared_memory.SharedMemory('x', True, 9)", "memory"),
    ("__import__('_posixshmem').shm_open('x', 0)", "memory"),
    ("__import__('pty').openpty()", ""),
    ("__import__('termios').tcgetattr(0)", "terminal"),
    ("__import__('curses').initscr()", "terminal"),
    ("__import__('mmap').mmap(-1, 10)", "memory"),
    ("__import__('fcntl').fcntl(0, 1)", "files"),
    ("__import__('_signal').raise_signal(9)", "broker"),
    ("__import__('faulthandler').register(10)", "broker"),
    ("__import__('resource').setrlimit(0, (1, 1))", "limits"),
    ("__import__('syslog').syslog('x')", "programs"),
    ("__import__('sqlite3').connect(':memory:')", "zone"),
];

#[test]
fn what_stands_for_native_modules_refuses() {
    let source = include_str!("../python/no_native_access/what_stands_for_native_modules_refuses.py");
    let texts: Vec<_> = ATTEMPTS_AT_MODULES.iter().map(|(text, _)| *text).collect();
    let output = Project::script(source).main(&texts).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines.len(), ATTEMPTS_AT_MODULES.len(), "{output}");
    for (line, (text, need)) in lines.iter().zip(ATTEMPTS_AT_MODULES) {
        assert!(line.starts_with(&format!("failed {text} ")), "{line}");
        assert!(line.contains(need), "it does not say what would be needed ({need:?}): {line}");
    }
    // The control: what takes nothing of the system can be used that way.
    Project::script(source)
        .main(&["__import__('json').dumps(1)", "__import__('socket').htons(1)"])
        .output()
        .prints("REACHED __import__('json').dumps(1) '1'\nREACHED __import__('socket').htons(1) 256\n");
}

#[test]
fn an_import_that_fails_is_an_ordinary_traceback() {
    for (module, need) in [("cffi", "zone"), ("tkinter", "terminal"), ("nt", "Windows")] {
        let output = Project::script(&format!("import {module}\n")).main(&[]).output().ends_with(1);
        output.complains(&["Traceback", "main.py\", line 1", &format!("No module named '{module}'"), need]);
    }
}

/// Expressions that would read the file, run a program, or reach another process, if they could.
const ATTEMPTS: &str = include_str!("../python/no_native_access/attempts.py");

#[test]
fn the_standard_library_has_no_way_around() {
    for &user in users() {
        let (project, path) = project(ATTEMPTS);
        let output = keeps_the_secret(project.main(&[&path]).user(user).output().ends_with(0));
        let failed = output.stdout.lines().filter(|line| line.starts_with("failed")).count();
        let reached: Vec<_> = output.stdout.lines().filter(|line| line.starts_with("REACHED")).collect();
        assert!(reached.is_empty(), "{reached:#?}");
        assert_eq!(failed, 56, "{output}");
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), SECRET);
    }
}

#[test]
fn the_environment_is_empty() {
    let output = Project::script("import os\nprint(dict(os.environ), os.getcwd())").main(&[]).output();
    output.prints("{} /\n");
}

/// Looks for whatever is left in the interpreter under a suspicious name, through every reference there is, and uses it.
const SEARCH: &str = include_str!("../python/no_native_access/search.py");

#[test]
fn introspection_finds_nothing_that_opens_files_or_starts_programs() {
    let (project, path) = project(SEARCH);
    let output = keeps_the_secret(project.main(&[&path]).output().ends_with(0));
    assert!(output.stdout.starts_with("True True\n") && output.stdout.ends_with("searched\n"), "{output}");
}

const ZLIB: &str = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n";

#[test]
fn handles_cannot_be_forged_copied_or_opened_up() {
    let source = include_str!("../python/no_native_access/handles_cannot_be_forged_copied_or_opened_up.py");
    let output = Project::script(source).file("cloison.toml", ZLIB).main(&[]).output().ends_with(0);
    let reached: Vec<_> = output.stdout.lines().filter(|line| line.starts_with("REACHED")).collect();
    assert!(reached.is_empty(), "{reached:#?}");
    let functions = "{'crc32': 'Function', 'adler32': 'Function'}";
    assert!(output.stdout.ends_with(&format!("{functions}\nTrue\n")), "{output}");
}

/// Patching the client's own module changes what this process sees, and nothing of what it may do.
#[test]
fn patched_modules_gain_nothing() {
    let source = include_str!("../python/no_native_access/patched_modules_gain_nothing.py");
    let output = Project::script(source).file("cloison.toml", ZLIB).main(&[]).output().ends_with(0);
    assert!(!output.stdout.contains("REACHED") && output.stdout.ends_with("907060870\n"), "{output}");
}

/// Code that no compiler makes, nesting that no stack holds: whatever it does, it does to its own process.
#[test]
fn forged_code_harms_its_own_process_alone() {
    let bystander = Project::script(include_str!("../python/no_native_access/forged_code_is_there.py"));
    let mut running = bystander.main(&[]).start_with(Stdio::piped());
    let mut answers = running.stdout();
    let forged = include_str!("../python/no_native_access/forged_code.py");
    let nested = [
        include_str!("../python/no_native_access/endless_recursion.py"),
        include_str!("../python/no_native_access/deep_parentheses.py"),
        include_str!("../python/no_native_access/deep_list.py"),
        include_str!("../python/no_native_access/endless_getattr.py"),
    ];
    let mut runs = Vec::new();
    for seed in 0..6 {
        let (project, path) = project(forged);
        runs.push(keeps_the_secret(project.main(&[&path, &seed.to_string()]).output()));
    }
    runs.extend(nested.map(|source| Project::script(source).main(&[]).output()));
    for output in runs {
        // It survives, or it dies and the command says of what.
        let died =
            output.code() >= 128 && output.stderr.contains("signal") || output.code() == 1 || output.code() == 101;
        assert!(output.stdout == "survived\n" || died, "{output}");
    }
    running.stdin().write_all(b"there?\n").expect("it reads");
    let mut answer = [0; 7];
    answers.read_exact(&mut answer).expect("it answers");
    assert_eq!(&answer, b"THERE?\n");
    running.finish().ends_with(0);
}
