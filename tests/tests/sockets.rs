//! Sockets by a capability: what ordinary programs do with them works as in CPython, and what was not granted explains itself.

use cloison_tests::run::PATIENCE;
use cloison_tests::{Project, leftovers, users};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const AUTHORITY: &str = include_str!("../python/sockets/authority.pem");
const CERTIFICATE: &str = include_str!("../python/sockets/localhost.pem");
/// What the tests' server listens at is known when it has started.
const MANIFEST: &str = "[capabilities.net]\nzone = \"net\"\nconnect = [\"127.0.0.1:*\", \"localhost:*\", \"[::1]:*\"]\n\
                        listen = [\"127.0.0.1:*\"]\n";

/// What programs connect to: `tests/python/sockets/server.py`, by CPython.
struct Server {
    process: Child,
    ports: Vec<String>,
}

impl Server {
    fn start(project: &Project) -> Self {
        project.write("server.py", include_bytes!("../python/sockets/server.py"));
        let mut process = Command::new("python3")
            .arg(project.app("server.py"))
            .arg(project.app("localhost.pem"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut line = String::new();
        let output = process.stdout.take().expect("it was piped");
        BufReader::new(output).read_line(&mut line).expect("its ports");
        Self { process, ports: line.split_whitespace().map(str::to_owned).collect() }
    }

    /// The ports, and what goes with them.
    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        self.ports.iter().map(String::as_str).chain(more.iter().copied()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn project(program: &str, manifest: &str) -> Project {
    let manifest = format!("[app]\nentry = \"main:main\"\n{manifest}");
    Project::new()
        .file("main.py", program)
        .file("cloison.toml", &manifest)
        .file("authority.pem", AUTHORITY)
        .file("localhost.pem", CERTIFICATE)
}

const ORDINARY: &str = include_str!("../python/sockets/ordinary.py");

#[test]
fn ordinary_programs_do_with_sockets_what_they_do_elsewhere() {
    let project = project(ORDINARY, MANIFEST);
    let server = Server::start(&project);
    let mut python = Command::new("python3");
    let (authority, certificate) = (project.app("authority.pem"), project.app("localhost.pem"));
    // CPython looks services and protocols up where the system has their names; we have some ourselves.
    let known = ["/etc/services", "/etc/protocols"].iter().all(|file| Path::new(file).exists());
    if !known {
        let _ = writeln!(std::io::stderr(), "not tested: there is no /etc/services, or no /etc/protocols");
    }
    let more = if known { "services" } else { "" };
    python.arg(project.app("main.py")).args(&server.ports).arg(authority).arg(certificate).arg(more);
    let expected = python.output().expect("python3");
    assert!(expected.status.success(), "{}", String::from_utf8_lossy(&expected.stderr));
    let expected = String::from_utf8_lossy(&expected.stdout).into_owned();
    for &user in users() {
        let arguments = server.arguments(&["/authority.pem", "/localhost.pem", more]);
        let output = project.application(&arguments).user(user).output();
        let different = output.stdout.lines().zip(expected.lines()).find(|(ours, theirs)| ours != theirs);
        assert!(different.is_none(), "ours and CPython's:\n{different:#?}\n{output}");
        assert_eq!(output.stdout.lines().count(), expected.lines().count(), "{output}");
        output.ends_with(0);
    }
}

const REFUSED: &str = include_str!("../python/sockets/refused.py");

#[test]
fn what_was_not_granted_says_which_line_would_change_that() {
    let manifest = "[capabilities.net]\nzone = \"net\"\nconnect = [\"127.0.0.1:9\", \"localhost:9\", \"*.example.org:443\"]\n\
                    listen = [\"127.0.0.1:0\"]\n";
    let output = project(REFUSED, manifest).application(&[]).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    for (line, parts) in lines.iter().zip([
        &[
            "HostDenied [Errno 13]",
            "\"example.com:443\" would have to be in `connect` of [capabilities.net] at",
            "cloison.toml:",
        ][..],
        &["HostDenied", "\"8.8.8.8:53\" would have to be in `connect` at"],
        &["HostDenied", "\"127.0.0.1:10\" would have to be in `connect` at"],
        &["HostDenied", "\"0.0.0.0:0\" would have to be in `listen` at"],
        &["PermissionError", "\"127.0.0.1:8000\" would have to be in `listen` at"],
        &["HostDenied", "no datagrams"],
        &["HostDenied", "no names in a file system"],
        &["URLError", "\"example.com:80\" would have to be in `connect`"],
        &["HostDenied", "socket.gethostbyname()", "example.com:*"],
        &["ok ConnectionRefusedError"],
        &["ok"],
    ]) {
        for part in parts {
            assert!(line.contains(part), "no {part:?} in {line:?} of\n{output}");
        }
    }
    assert_eq!(lines.len(), 11, "{output}");
}

#[test]
fn a_program_without_a_network_hears_which_line_would_give_it_one() {
    let output = project(REFUSED, "").application(&[]).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(lines[0].contains("a microprocess has no network"), "{output}");
    assert!(lines[0].contains("`connect = [\"example.com:443\"]` to connect there"), "{output}");
    for line in &lines[..10] {
        assert!(
            line.contains("a microprocess has no network: ") && line.contains("cloison.toml"),
            "{line} of {output}"
        );
    }
}

#[test]
fn a_process_inherits_no_socket() {
    let project = project(include_str!("../python/sockets/spawned.py"), MANIFEST);
    let server = Server::start(&project);
    project.application(&server.arguments(&[])).output().ends_with(0).prints("[] [3] OSError 9 b'CHILD'\nb'PARENT'\n");
}

#[test]
fn a_loop_waits_for_sockets_and_for_workers_together() {
    let project =
        project(include_str!("../python/sockets/together.py"), &format!("{MANIFEST}[limits]\nchildren = 8\n"));
    let server = Server::start(&project);
    project.application(&server.arguments(&[])).output().ends_with(0).prints("worker 42\nsocket b'LATE'\nboth\n");
}

#[test]
fn waiting_takes_no_processor_and_ends_with_an_interrupt() {
    let project = project(include_str!("../python/sockets/waiting.py"), MANIFEST);
    let server = Server::start(&project);
    for kind in ["recv", "select", "poll", "epoll", "accept", "asyncio", "tls"] {
        let mut running = project.application(&server.arguments(&[kind])).start_with(Stdio::piped());
        let mut line = String::new();
        BufReader::new(running.stdout()).read_line(&mut line).expect("that it waits");
        assert_eq!(line, "waits\n");
        // It has begun to wait when nobody has run for a while; who looks again and again has never.
        let until = Instant::now() + PATIENCE;
        let mut before = switches(&project);
        loop {
            std::thread::sleep(Duration::from_millis(300));
            let now = switches(&project);
            if now == before {
                break;
            }
            assert!(Instant::now() < until, "{kind}: somebody runs: {before:?}, then {now:?}");
            before = now;
        }
        running.signal(rustix::process::Signal::INT);
        running.finish().ends_with(130).complains(&["KeyboardInterrupt"]);
    }
}

/// How often each thread of a run has been given a processor and taken from it, but for the broker's, who looks after the others.
fn switches(project: &Project) -> BTreeMap<PathBuf, Vec<String>> {
    let others = leftovers::processes(project.folder()).into_iter().filter(|process| process.name != "cloison");
    let tasks = others.filter_map(|process| std::fs::read_dir(format!("/proc/{}/task", process.pid)).ok());
    let counts = |task: PathBuf| {
        let status = std::fs::read_to_string(task.join("status")).ok()?;
        let lines = status.lines().filter(|line| line.contains("ctxt_switches")).map(str::to_owned);
        Some((task, lines.collect()))
    };
    tasks.flatten().flatten().filter_map(|task| counts(task.path())).collect()
}
