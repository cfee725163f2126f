//! What a library that has been taken over can reach from inside a zone: nothing. From a call and from its constructor.
//!
//! Every attempt has its control in the same run: the same compiled code, as the same user, without walls. And the verdict
//! is not the attacker's: bait is looked at from outside (files, listeners, a process).

use cloison_tests::binaries::readable;
use cloison_tests::compiler::{Kind, compile};
use cloison_tests::leftovers::processes;
use cloison_tests::run::{PATIENCE, SECRET};
use cloison_tests::{Project, User, users};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SOURCE: &str = include_str!("../c/walls.c");
const ZONE: &str = include_str!("../c/walls.zone.toml");

/// What an attacker would like to touch, in a folder that the user who runs the attack owns.
struct Bait {
    folder: PathBuf,
    tcp: TcpListener,
    abstract_name: String,
    listeners: [UnixListener; 2],
    canary: Child,
}

impl Bait {
    fn lay(project: &Project, name: &str, user: User) -> Self {
        let folder = project.path(name);
        std::fs::create_dir(&folder).expect("a folder");
        for (file, mode) in [("canary", 0o644), ("removable", 0o644), ("movable", 0o644)] {
            std::fs::write(folder.join(file), "untouched").expect("a file");
            readable(&folder.join(file), mode);
        }
        let second = compile(Kind::Library, "int second(void) { return 2; }", &[]);
        std::fs::copy(second, folder.join("second.so")).expect("a library");
        let unique = project.folder().file_name().expect("a name").to_string_lossy();
        let abstract_name = format!("{unique}-{name}");
        let address = SocketAddr::from_abstract_name(&abstract_name).expect("a name");
        let listeners = [UnixListener::bind_addr(&address), UnixListener::bind(folder.join("socket"))]
            .map(|made| made.expect("a socket"));
        readable(&folder.join("socket"), 0o777);
        readable(&folder, 0o755);
        if user == User::Nobody {
            for entry in
                [folder.clone()].into_iter().chain(["canary", "removable", "movable"].map(|file| folder.join(file)))
            {
                std::os::unix::fs::chown(entry, Some(65534), Some(65534)).expect("root may");
            }
        }
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        tcp.set_nonblocking(true).expect("a socket");
        listeners.iter().for_each(|listener| listener.set_nonblocking(true).expect("a socket"));
        let mut sleep = Command::new("sleep");
        sleep.arg("600").stdin(Stdio::null());
        user.apply(&mut sleep);
        Self { folder, tcp, abstract_name, listeners, canary: sleep.spawn().expect("sleep") }
    }

    fn definitions(&self) -> Vec<String> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        vec![
            format!("FOLDER=\"{}\"", self.folder.display()),
            format!("PORT={}", self.tcp.local_addr().expect("an address").port()),
            format!("ABSTRACT=\"{}\"", self.abstract_name),
            format!("CANARY={}", self.canary.id()),
            format!("HOST=\"{host}\""),
        ]
    }

    /// What has happened to it.
    fn damage(&mut self) -> Vec<String> {
        let mut damage = Vec::new();
        let mut names: Vec<_> =
            std::fs::read_dir(&self.folder).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        if names != ["canary", "movable", "removable", "second.so", "socket"] {
            damage.push(format!("files: {names:?}"));
        }
        if std::fs::read_to_string(self.folder.join("canary")).ok().as_deref() != Some("untouched") {
            damage.push("canary written".into());
        }
        let mode = std::fs::metadata(self.folder.join("canary"))
            .map(|metadata| std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777);
        if mode.ok() != Some(0o644) {
            damage.push("mode changed".into());
        }
        if self.tcp.accept().is_ok() {
            damage.push("tcp connected".into());
        }
        for (listener, name) in self.listeners.iter().zip(["abstract", "path"]) {
            if listener.accept().is_ok() {
                damage.push(format!("{name} socket connected"));
            }
        }
        if self.canary.try_wait().expect("a child").is_some() {
            damage.push("canary process killed".into());
        }
        damage
    }
}

impl Drop for Bait {
    fn drop(&mut self) {
        let _ = self.canary.kill();
        let _ = self.canary.wait();
    }
}

const MANIFEST: &str = "[capabilities.walls]\nzone = \"walls.zone.toml\"\nallow = \"*\"\n";

/// Tells name and result of every attempt that does not end the zone.
const HARMLESS: &str = include_str!("../python/zone_walls/harmless.py");

/// Makes one attempt that should end the zone, and asks another zone and this one for something honest.
const LETHAL: &str = include_str!("../python/zone_walls/lethal.py");

fn project(program: &str) -> Project {
    let manifest = format!("{MANIFEST}[capabilities.libm]\nzone = \"libm\"\nallow = \"*\"\n");
    Project::script(program).file("cloison.toml", &manifest).file("walls.zone.toml", ZONE)
}

/// What a function of the library returns without any wall; `None` if the process ended.
fn uncontained(project: &Project, bait: &Bait, user: User, function: &str, number: usize) -> Option<i64> {
    let library = compile(Kind::Library, SOURCE, &bait.definitions());
    let mut control = Command::new(compile(Kind::Program, include_str!("../c/control.c"), &[]));
    control.arg(library).arg(function).arg(number.to_string()).env(SECRET.0, SECRET.1).current_dir(project.path("tmp"));
    user.apply(&mut control);
    let output = control.output().expect("the control runs");
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// What this machine refuses to that user in the first place.
fn refused_anyway(user: User, name: &str) -> bool {
    let ordinary = user == User::Nobody || !rustix::process::geteuid().is_root();
    let set = |path: &str| std::fs::read_to_string(path).is_ok_and(|text| text.trim() != "0");
    match name {
        "environment_of_others" => ordinary || std::fs::read("/proc/1/environ").is_err(),
        "ptrace_canary" => set("/proc/sys/kernel/yama/ptrace_scope"),
        "io_uring" => set("/proc/sys/kernel/io_uring_disabled"),
        "unshare" => ordinary && set("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
        _ => false,
    }
}

/// It failed. A parent outside of the namespace has number 0, which tells nothing.
fn contained(name: &str, result: i64) -> bool {
    result < 0 || (name == "parent" && result == 0)
}

#[test]
fn attempts_from_a_call_fail() {
    for &user in users() {
        let project = project(HARMLESS);
        let mut free = Bait::lay(&project, "free", user);
        let mut bait = Bait::lay(&project, "bait", user);
        project
            .write("walls.so", &std::fs::read(compile(Kind::Library, SOURCE, &bait.definitions())).expect("compiled"));
        let output = project.main(&["attempt"]).user(user).output().ends_with(0).json();
        let results = results(&output);
        assert!(results.len() > 35, "{results:?}");
        for (number, (name, result)) in results.iter().enumerate() {
            let control = uncontained(&project, &free, user, "attempt", number);
            assert!(
                control.is_some_and(|got| got >= 0) || refused_anyway(user, name),
                "the control for {name} as {user:?}: {control:?}"
            );
            assert!(contained(name, *result), "{name} as {user:?} succeeded: {result}");
        }
        assert_eq!(bait.damage(), Vec::<String>::new(), "as {user:?}");
        // All that could have happened has happened to the control's bait.
        assert_eq!(free.damage().len(), 7, "{:?}", free.damage());
        check_identity(&output, user);
        let descriptors = output["descriptors"].as_array().expect("a list");
        assert!(descriptors.iter().all(|number| number.as_i64().is_some_and(|number| number < 16)), "{descriptors:?}");
    }
}

#[test]
fn attempts_from_a_constructor_fail() {
    for &user in users() {
        let project = project(HARMLESS);
        let mut bait = Bait::lay(&project, "bait", user);
        let definitions = [bait.definitions(), vec!["EARLY".into()]].concat();
        project.write("walls.so", &std::fs::read(compile(Kind::Library, SOURCE, &definitions)).expect("compiled"));
        let output = project.main(&["early_attempt"]).user(user).output().ends_with(0).json();
        // Until the seal the loader may load the system's libraries; that is what it is there for.
        let allowed = ["system_library"];
        for (name, result) in results(&output) {
            assert!(
                contained(&name, result) || allowed.contains(&name.as_str()),
                "{name} as {user:?} succeeded: {result}"
            );
        }
        assert_eq!(bait.damage(), Vec::<String>::new(), "as {user:?}");
    }
}

/// In the order of the library's own list.
fn results(output: &Value) -> Vec<(String, i64)> {
    let pairs = output["results"].as_array().expect("a list").iter();
    pairs.map(|pair| (pair[0].as_str().expect("a name").to_owned(), pair[1].as_i64().expect("a number"))).collect()
}

fn check_identity(output: &Value, user: User) {
    for key in ["uid", "gid"] {
        let id = output[key].as_i64().expect("a number");
        assert_ne!(id, 0, "{key} as {user:?}");
    }
}

const LETHAL_COUNT: usize = 11;

#[test]
fn forbidden_system_calls_end_the_zone_and_nothing_else() {
    for &user in users() {
        let project = project(LETHAL);
        let mut bait = Bait::lay(&project, "bait", user);
        project
            .write("walls.so", &std::fs::read(compile(Kind::Library, SOURCE, &bait.definitions())).expect("compiled"));
        let mut free = Bait::lay(&project, "free", user);
        // Two runs: a zone starts again without delay ten times.
        for half in [(0..7).collect::<Vec<_>>(), (7..LETHAL_COUNT).collect()] {
            let output = project.main(&[&format!("{half:?}")]).user(user).output().ends_with(0);
            for (result, number) in output.json_lines().iter().zip(&half) {
                let name = result["name"].as_str().expect("a name");
                assert!(
                    result["signal"] == 31 || result["value"].as_i64().is_some_and(|got| got < 0),
                    "{name} as {user:?}: {result}"
                );
                assert!(result["next"] == true && result["libm"] == 4.0, "{result}");
                let control = uncontained(&project, &free, user, "lethal", *number);
                // A program that runs another one says nothing more; the others live and tell.
                // An empty filter is looked at and refused.
                let empty = name == "seccomp" && control == Some(-i64::from(libc::EINVAL));
                let possible = empty || control.is_none_or(|got| got >= 0) || refused_anyway(user, name);
                assert!(possible, "the control for {name} as {user:?}: {control:?}");
            }
            assert_eq!(output.json_lines().len(), half.len(), "{output}");
        }
        assert_eq!(bait.damage(), Vec::<String>::new(), "as {user:?}");
        assert!(free.damage().is_empty(), "the controls of these do no damage");
    }
}

#[test]
fn forbidden_system_calls_in_a_constructor_end_the_start() {
    let source = include_str!("../python/zone_walls/forbidden_system_calls_in_a_constructor_end_the_start.py");
    let project = project(source);
    let mut bait = Bait::lay(&project, "bait", User::Current);
    for number in 0..LETHAL_COUNT {
        let definitions = [bait.definitions(), vec![format!("EARLY_LETHAL={number}")]].concat();
        project.write("walls.so", &std::fs::read(compile(Kind::Library, SOURCE, &definitions)).expect("compiled"));
        let output = project.main(&[]).output().ends_with(0);
        let name = SOURCE
            .split("#define LETHAL(X)")
            .nth(1)
            .and_then(|list| list.split("X(").nth(number + 1)?.split(',').next())
            .expect("a name");
        // Until the seal, filters and rules may be added by our own code, which can only take away.
        let narrows = ["seccomp", "landlock"].contains(&name);
        let ended = output.stdout.starts_with("ZoneUnavailable") && output.stdout.contains("signal 31");
        let failed = output.stdout.starts_with("started") && !output.stdout.contains("4242");
        assert!(ended || failed || narrows, "{name}: {output}");
    }
    assert_eq!(bait.damage(), Vec::<String>::new());
}

/// Judged from outside, which only root can: what a zone and a microprocess have open.
#[test]
fn only_declared_descriptors_are_open() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let source = include_str!("../python/zone_walls/only_declared_descriptors_are_open.py");
    let project = Project::script(source).file("cloison.toml", "[capabilities.libm]\nzone = \"libm\"\nallow = \"*\"\n");
    for &user in users() {
        let mut running = project.main(&[]).user(user).start_with(Stdio::piped());
        running.stdout().read_exact(&mut [0; 4]).expect("4.0");
        // Whoever is looked at while it starts has more open for a moment.
        let until = Instant::now() + PATIENCE;
        while let Err(wrong) = only_declared(project.folder(), running.pid()) {
            assert!(Instant::now() < until, "{wrong}");
            std::thread::sleep(Duration::from_millis(10));
        }
        running.stdin().flush().expect("open");
        running.finish().ends_with(0);
    }
}

fn only_declared(folder: &Path, broker: i32) -> Result<(), String> {
    let all = processes(folder);
    let mut seen = 0;
    for process in all.iter().filter(|process| process.pid != broker) {
        let open = descriptors(process.pid);
        seen += usize::from(!open.is_empty());
        // The init of a namespace has its lifeline and a hold on the worker, and nothing else.
        let init = open.len() == 2;
        let allowed = |target: &str| match process.name.as_str() {
            _ if init => target.starts_with("socket:") || target == "anon_inode:[pidfd]",
            "cloison-zone" => {
                target == "/dev/null"
                    || target.starts_with("socket:")
                    || target.starts_with("/memfd:")
                    || target.contains("libm")
            }
            _ => {
                ["pipe:", "socket:", "/memfd:"].iter().any(|start| target.starts_with(start))
                    || target == "/dev/null"
                    // The bell of its mailbox.
                    || target == "anon_inode:[eventfd]"
            }
        };
        let environment = std::fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        let wrong = match open.values().filter(|target| target.starts_with("socket:")).count() {
            _ if !open.values().all(|target| allowed(target)) => "something undeclared",
            2.. => "more than its control socket",
            _ if String::from_utf8_lossy(&environment).contains(SECRET.1) => "the user's environment",
            _ => continue,
        };
        return Err(format!("{process:?} has {wrong}: {open:?}"));
    }
    if seen < 3 {
        return Err(format!("a template, a microprocess and a zone: {all:?}"));
    }
    Ok(())
}

fn descriptors(pid: i32) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let link = |entry: std::fs::DirEntry| {
        Some((entry.file_name().into_string().ok()?, std::fs::read_link(entry.path()).ok()?.display().to_string()))
    };
    entries.filter_map(link).collect()
}
