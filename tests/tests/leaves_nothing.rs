//! A run leaves no process, no shared memory, no file: not when it ends well, not when it crashes, not when it is killed.

use cloison_tests::leftovers::{Traces, processes};
use cloison_tests::run::NOBODY;
use cloison_tests::{Project, User, users};
use rustix::process::Signal;
use std::io::Read;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

/// Both tests look at the whole machine, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

const PROGRAM: &str = include_str!("../python/leaves_nothing/program.py");

const MANIFEST: &str = "[capabilities.zlib]\nzone = \"zlib\"\nallow = \"*\"\n[capabilities.crimes]\nzone = \"crimes.zone.toml\"\nallow = \"*\"\n";

fn project() -> Project {
    let project = Project::script(PROGRAM).file("cloison.toml", MANIFEST);
    project
        .file("crimes.zone.toml", include_str!("../c/crimes.zone.toml"))
        .library("crimes.so", include_str!("../c/crimes.c"))
}

#[test]
fn three_applications_with_two_zones_each() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for &user in users() {
        let projects = [project(), project(), project()];
        let before: Vec<_> = projects.iter().map(|project| Traces::of(user, project.folder())).collect();
        let mut runs: Vec<_> = projects
            .iter()
            .zip([&[][..], &["fail"], &["killed"]])
            .map(|(project, arguments)| project.main(arguments).user(user).start_with(Stdio::piped()))
            .collect();
        for (run, project) in runs.iter_mut().zip(&projects) {
            let mut line = [0; 6];
            run.stdout().read_exact(&mut line).expect("ready");
            let alive = processes(project.folder());
            let zones = alive.iter().filter(|process| process.name == "cloison-zone").count();
            assert!(zones >= 2, "the control sees them: {alive:?}");
        }
        runs[2].signal(Signal::KILL);
        for (run, code) in runs.into_iter().zip([0, 1, -9]) {
            run.finish().ends_with(code); // which fails if a process is left
        }
        for (project, before) in projects.iter().zip(&before) {
            let left = Traces::of(user, project.folder()).since(before);
            assert!(left.is_empty(), "left behind as {user:?}: {left:?}");
        }
    }
}

/// The control: what this file looks for can be seen.
#[test]
fn traces_are_seen() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new();
    let before = Traces::of(User::Current, project.folder());
    std::fs::write(project.path("tmp/left"), "").expect("a file");
    let since = Traces::of(User::Current, project.folder()).since(&before);
    assert!(since.len() == 1 && since[0].ends_with("tmp/left"), "{since:?}");
    if !users().contains(&User::Nobody) {
        return;
    }
    let before = Traces::of(User::Nobody, project.folder());
    let name = format!("/dev/shm/trace-{}", std::process::id());
    std::fs::write(&name, "").expect("shared memory");
    std::os::unix::fs::chown(&name, Some(NOBODY), Some(NOBODY)).expect("root may");
    let since = Traces::of(User::Nobody, project.folder()).since(&before);
    std::fs::remove_file(&name).expect("shared memory");
    assert_eq!(since, [name]);
}
