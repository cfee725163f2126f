//! The language wall: what is not there, and how its absence explains itself.

use crate::support::{Template, script};
use cloison_python::modules::ALLOWED;

/// Which of these modules can be imported, compared with a list that is kept beside this test.
const COMMON: &str = include_str!("common_modules.txt");

#[test]
fn what_needs_the_system_says_what_would_be_needed() {
    let template = Template::start();
    for (source, expected) in [
        (
            "print(open('/etc/passwd'))",
            "cloison.HostDenied: [Errno 13] open(): a microprocess has no files but the application's",
        ),
        (
            "import io; io.open('/etc/passwd')",
            "cloison.HostDenied: [Errno 13] open(): a microprocess has no files but the application's",
        ),
        (
            "import pathlib; pathlib.Path('/etc/passwd').read_text()",
            "cloison.HostDenied: [Errno 13] open(): a microprocess has no files but the application's",
        ),
        ("import os; os.system('id')", "cloison.HostDenied: [Errno 13] system(): a microprocess starts no programs"),
        (
            "import os; os.listdir('/')",
            "cloison.HostDenied: [Errno 13] listdir(): a microprocess has no files but the application's",
        ),
        ("import os; os.fork()", "cloison.HostDenied: [Errno 13] fork(): a microprocess starts no programs"),
        ("from os import kill; kill(1, 9)", "cloison.HostDenied: [Errno 13] kill(): a microprocess starts no programs"),
        (
            "import ctypes; ctypes.CDLL('libc.so.6')",
            "cloison.HostDenied: [Errno 13] ctypes.dlopen(): native code runs in a zone: declare the library in a NAME.zone.toml",
        ),
        ("import _ctypes; _ctypes.dlsym(1, 'x')", "HostDenied: [Errno 13] ctypes.dlsym(): native code runs in a zone"),
        ("import cffi", "ModuleNotFoundError: No module named 'cffi': native code runs in a zone"),
        ("import tkinter", "ModuleNotFoundError: No module named 'tkinter': a microprocess has its standard streams"),
        ("import socket; socket.socket()", "HostDenied: [Errno 13] socket.socket(): a microprocess has no network"),
        (
            "import urllib.request as r; r.urlopen('http://example.com/')",
            "urllib.error.URLError: <urlopen error [Errno 13] socket.getaddrinfo(): a microprocess has no network",
        ),
        ("import posix; posix.unlink('x')", "HostDenied: [Errno 13] unlink(): a microprocess has no files but"),
        (
            "import subprocess; subprocess.run(['id'])",
            "HostDenied: [Errno 13] subprocess: a microprocess starts no programs",
        ),
        (
            "import mmap; mmap.mmap(-1, 10)",
            "HostDenied: [Errno 13] mmap.mmap(): a microprocess shares and maps no memory",
        ),
        (
            "import fcntl; fcntl.flock(0, 2)",
            "HostDenied: [Errno 13] fcntl.flock(): files of a microprocess have no locks",
        ),
        ("import signal; signal.signal(2, print)", "HostDenied: [Errno 13] signal(): signals are the broker's"),
        (
            "import time; time.clock_settime(time.CLOCK_REALTIME, 0)",
            "HostDenied: [Errno 13] clock_settime(): the machine's clock is not a microprocess's to set",
        ),
        (
            "import multiprocessing; multiprocessing.Lock()",
            "HostDenied: [Errno 13] multiprocessing.SemLock(): a microprocess starts no programs",
        ),
        (
            "import threading; threading.Timer(1, print).start()",
            "RuntimeError: can't start a timer: a microprocess has one stack",
        ),
        ("import threading; l = threading.Lock(); l.acquire(); l.acquire()", "RuntimeError: this would wait for ever"),
    ] {
        let outcome = template.run(script(source));
        assert_eq!(outcome.status, 1, "{source}");
        assert!(outcome.stderr.contains(expected), "{source}:\n{}", outcome.stderr);
    }
}

#[test]
fn denials_are_oserrors() {
    let source = program!("language_wall/denials_are_oserrors");
    let outcome = Template::start().run(script(source));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("13 x True\nFalse {} /\n", ""));
}

/// Everything that the finder of native modules can make, found without asking the table.
#[test]
fn the_native_modules_are_those_of_the_table() {
    // `posix` is ours, in Python, and in the list because CPython's `os` looks for it there.
    let source = program!("language_wall/the_native_modules_are_those_of_the_table");
    let outcome = Template::start().run(script(source));
    let allowed: Vec<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(outcome.stdout.lines().collect::<Vec<_>>(), allowed, "{}", outcome.stderr);
}

#[test]
fn the_common_modules_that_import_are_as_listed() {
    let names: Vec<_> = COMMON.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let source =
        format!("NAMES = {names:?}\n{}", program!("language_wall/the_common_modules_that_import_are_as_listed"));
    let outcome = Template::start().run(script(&source));
    assert_eq!(outcome.stdout, COMMON, "{}", outcome.stderr);
}

#[test]
fn no_other_descriptor_can_be_named() {
    let source = program!("language_wall/no_other_descriptor_can_be_named");
    let outcome = Template::start().run(script(source));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
}
