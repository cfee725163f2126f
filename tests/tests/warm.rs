//! `cloison up`: runs that take a template which was ready before do the same as runs that start one, nothing goes from one to
//! the next, nothing is left, and nobody gets out of a limit or another user's template by it.

use cloison_tests::leftovers::{processes, wait_for_end};
use cloison_tests::run::{PATIENCE, Running, SECRET};
use cloison_tests::{Output, Project, User, users};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const USED: &str = "a warm template of `cloison up` is used";

/// A service in the project's own folder, and the runs that use it.
struct Warm<'p> {
    project: &'p Project,
    service: Option<Running<'p>>,
    user: User,
    folder: PathBuf,
}

impl<'p> Warm<'p> {
    /// Start it, and wait until its first template is ready.
    fn up(project: &'p Project, user: User, options: &[&str]) -> Self {
        let folder = project.path("tmp");
        let arguments = [&["up", "--foreground"], options].concat();
        let mut service = project.cloison(&arguments).runtime(&folder).user(user).start_with(Stdio::piped());
        let mut line = String::new();
        BufReader::new(service.stdout()).read_line(&mut line).expect("UTF-8");
        assert_eq!(line, "ready\n");
        Self { project, service: Some(service), user, folder }
    }

    fn service(&self) -> &Running<'p> {
        self.service.as_ref().expect("it runs")
    }

    /// What the service has, as `cloison up` says it.
    fn state(&self) -> Value {
        Asked::new(self, &["up", "--json"]).ends_with(0).json()
    }

    /// Wait until so many are ready.
    fn ready(&self, count: u64) {
        self.when(|state| state["ready"].as_u64() >= Some(count));
    }

    fn when(&self, holds: impl Fn(&Value) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let state = self.state();
            if holds(&state) {
                return;
            }
            assert!(Instant::now() < until, "{state:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A run by a warm template, which is there.
    fn run(&self, arguments: &[&str], input: &str) -> Asked {
        self.ready(1);
        let run = Asked::with_input(self, &[&["-v", "run"], arguments].concat(), input);
        run.complains(&[USED])
    }

    /// End it, and see that nothing is left of it and of the runs.
    fn down(mut self) {
        Asked::new(&self, &["down"]).ends_with(0);
        self.service.take().expect("it runs").finish().ends_with(0);
    }
}

/// One command beside the service, whose processes are the same project's: what is left of the command is looked at by
/// number.
struct Asked(Output);

impl Asked {
    fn new(warm: &Warm<'_>, arguments: &[&str]) -> Self {
        Self::with_input(warm, arguments, "")
    }

    fn with_input(warm: &Warm<'_>, arguments: &[&str], input: &str) -> Self {
        let mut command = Command::new(warm.project.path("bin/cloison"));
        command.args(arguments).current_dir(warm.project.path("app")).env_clear();
        command.env("PATH", "/usr/bin:/bin").env(SECRET.0, SECRET.1).env("XDG_RUNTIME_DIR", &warm.folder);
        Self::of(warm, command, input)
    }

    fn of(warm: &Warm<'_>, mut command: Command, input: &str) -> Self {
        warm.user.apply(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().expect("cloison starts");
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("a child");
        Self(Output {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            bytes: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            duration: started.elapsed(),
        })
    }

    #[track_caller]
    fn ends_with(self, code: i32) -> Self {
        Self(self.0.ends_with(code))
    }

    #[track_caller]
    fn complains(self, parts: &[&str]) -> Self {
        Self(self.0.complains(parts))
    }

    fn json(&self) -> Value {
        self.0.json()
    }

    /// What a run shows of itself: exit status and streams, without what the broker says.
    fn shown(&self) -> (i32, String, String) {
        let stderr = self.0.stderr.lines().filter(|line| !line.contains("template")).collect::<Vec<_>>().join("\n");
        (self.0.code(), self.0.stdout.clone(), stderr)
    }
}

const APPLICATION: &str = include_str!("../python/warm/application.py");

const MANIFEST: &str = r#"
[app]
entry = "app:main"

[capabilities.zlib]
zone = "zlib"
allow = ["crc32"]
"#;

const MATCHES: &str = include_str!("../python/warm/matches.py");

#[test]
fn a_run_does_the_same_as_one_that_starts_its_template() {
    for user in users() {
        let project = Project::new()
            .file("app/app.py", APPLICATION)
            .file("app/cloison.toml", MANIFEST)
            .file("fails.py", include_str!("../python/warm/fails.py"))
            .file("matches.py", MATCHES)
            .file("ends.py", "import sys, os\nprint('out'); print('err', file=sys.stderr); sys.exit(7)\n");
        let warm = Warm::up(&project, *user, &["--templates", "1"]);
        let runs: &[&[&str]] = &[
            &["ends.py"],
            &["fails.py", "a", "--b"],
            &["-c", "import sys; print(sys.argv, sys.stdin.read())", "x"],
            &["-m", "json.tool"],
            &["-c", "import os; print(sorted(os.environ))"],
            &["-c", "open('/etc/passwd')"],
            // What a template that was started for it has not imported yet.
            &["matches.py"],
            &["app", "one", "two"],
            &["nothing.py"],
        ];
        for arguments in runs {
            let cold = Asked::with_input(&warm, &[&["-v", "run", "--cold"], *arguments].concat(), "[1, 2]");
            // What is not there needs no template.
            if arguments == &["nothing.py"] {
                let warm = Asked::with_input(&warm, &[&["-v", "run"], *arguments].concat(), "[1, 2]");
                assert_eq!(warm.shown(), cold.shown());
                continue;
            }
            let cold = cold.complains(&["the template is started now"]);
            assert_eq!(warm.run(arguments, "[1, 2]").shown(), cold.shown(), "{arguments:?}");
        }
        warm.down();
    }
}

#[test]
fn each_run_has_a_template_of_its_own_and_nothing_goes_from_one_to_the_next() {
    let project = Project::new();
    let warm = Warm::up(&project, User::Current, &["--templates", "2"]);
    let code =
        include_str!("../python/warm/each_run_has_a_template_of_its_own_and_nothing_goes_from_one_to_the_next.py");
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        let (status, shown, _) = warm.run(&["-c", code], "").shown();
        let mut words = shown.split_whitespace();
        assert_eq!((status, words.next()), (0, Some("False")));
        seen.extend(words.map(str::to_owned));
    }
    assert_eq!(seen.len(), 8, "hashes and random numbers of four interpreters: {seen:?}");
    assert_eq!(warm.state()["taken"], 4);
    warm.down();
}

/// As many runs at once as there are not templates for: each that is there is taken once, and the others start theirs.
#[test]
fn no_template_is_given_twice() {
    let project = Project::new();
    let warm = Warm::up(&project, User::Current, &["--templates", "3"]);
    warm.ready(3);
    let run = || Asked::new(&warm, &["-v", "run", "-c", "import random\nprint(random.random())"]).ends_with(0);
    let runs: Vec<Asked> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a run")).collect()
    });
    let used = runs.iter().filter(|run| run.0.stderr.contains(USED)).count();
    let drawn: BTreeSet<&str> = runs.iter().map(|run| run.0.stdout.as_str()).collect();
    assert_eq!(drawn.len(), runs.len(), "{drawn:?}");
    // Of those that were in a hurry some may not have been answered in time.
    let taken = warm.state()["taken"].as_u64().expect("a number");
    assert!(used >= 1 && used as u64 <= taken && taken <= 8, "{used} of {taken}");
    warm.down();
}

/// What the service has: itself, and what waits.
fn of_service(warm: &Warm<'_>) -> BTreeSet<i32> {
    let reports = Asked::new(warm, &["ps", "--json"]).ends_with(0).json();
    let reports = reports.as_array().expect("a list");
    let report = reports.iter().find(|report| report["broker"] == warm.service().pid()).expect("the service");
    pids(report["processes"].as_array().expect("a list"))
}

fn pids(rows: &[Value]) -> BTreeSet<i32> {
    rows.iter().filter_map(|row| row["pid"].as_i64()).map(|pid| pid as i32).collect()
}

/// All of the project's processes.
fn all(warm: &Warm<'_>) -> BTreeSet<i32> {
    processes(warm.project.folder()).into_iter().map(|process| process.pid).collect()
}

/// Wait until that holds; whether it ever does.
fn soon(mut holds: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + PATIENCE;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

const WAITS: &str = include_str!("../python/warm/waits.py");

/// Start a program that spawns and waits; its command, once it does.
fn waiting_program(warm: &Warm<'_>) -> std::process::Child {
    warm.ready(1);
    let mut command = Command::new(warm.project.path("bin/cloison"));
    command.args(["-v", "run", "waits.py"]).current_dir(warm.project.path("app")).env_clear();
    command.env("XDG_RUNTIME_DIR", &warm.folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    warm.user.apply(&mut command);
    let mut child = command.spawn().expect("cloison starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("UTF-8");
    assert_eq!(line, "up\n");
    // The broker, keeper, init, template, the program, and three of its.
    assert!(soon(|| all(warm).difference(&of_service(warm)).count() >= 8));
    child
}

#[test]
fn nothing_survives_a_killed_broker() {
    for user in users() {
        let project = Project::script("").file("waits.py", WAITS);
        let warm = Warm::up(&project, *user, &["--templates", "1"]);
        let mut child = waiting_program(&warm);
        warm.ready(1); // nothing is being started that could be taken for something left
        child.kill().expect("it lives");
        child.wait().expect("a child");
        let gone = soon(|| all(&warm).is_subset(&of_service(&warm)));
        assert!(gone, "{user:?}: {:?}", all(&warm).difference(&of_service(&warm)));
        warm.down();
    }
}

#[test]
fn a_killed_service_takes_what_waits_along_and_leaves_runs_alone() {
    let project = Project::script("").file("waits.py", WAITS);
    let mut warm = Warm::up(&project, User::Current, &["--templates", "2"]);
    let mut child = waiting_program(&warm);
    warm.ready(2);
    let waiting = of_service(&warm);
    assert_eq!(waiting.len(), 9, "the service; keeper, init, template and blank of each");
    let service = warm.service.take().expect("it runs");
    service.signal(Signal::KILL);
    assert!(soon(|| all(&warm).is_disjoint(&waiting)), "what waits is left");
    assert!(child.try_wait().expect("a child").is_none(), "the run goes on");
    kill_process(Pid::from_child(&child), Signal::INT).expect("it lives");
    assert_eq!(child.wait().expect("a child").code(), Some(130), "a KeyboardInterrupt, as ever");
    service.finish();
    // What is left of the socket keeps nobody from starting another one.
    let run = project.cloison(&["-v", "run", "-c", "print(1)"]).runtime(&warm.folder).output();
    run.prints("1\n");
    Warm::up(&project, User::Current, &[]).down();
}

/// As by a terminal's Ctrl-Z for the service, or a freezer.
#[test]
fn a_stopped_keeper_keeps_no_run_from_ending() {
    let project = Project::script("").file("waits.py", WAITS);
    let warm = Warm::up(&project, User::Current, &["--templates", "1"]);
    let mut child = waiting_program(&warm);
    let reports = Asked::new(&warm, &["ps", "--json", &child.id().to_string()]).ends_with(0).json();
    let rows = reports[0]["processes"].as_array().expect("a list").clone();
    let keeper = rows.iter().find(|row| row["kind"] == "keeper").expect("a keeper")["pid"].as_i64().expect("a number");
    kill_process(Pid::from_raw(keeper as i32).expect("a process"), Signal::STOP).expect("ours");
    kill_process(Pid::from_child(&child), Signal::INT).expect("it lives");
    assert!(soon(|| child.try_wait().expect("a child").is_some()), "it goes on");
    let gone = soon(|| all(&warm).is_subset(&of_service(&warm)));
    assert!(gone, "{:?}", all(&warm).difference(&of_service(&warm)));
    warm.down();
}

/// Of a module that each template has imported, too.
#[test]
fn an_application_s_own_module_is_its_own() {
    for name in ["io", "abc", "warnings", "json"] {
        let project = Project::new()
            .file("own/cloison.toml", "[app]\nentry = \"main:main\"\n")
            .file(&format!("own/{name}.py"), "name = 'my own'\n")
            .file(
                "own/main.py",
                &include_str!("../python/warm/an_application_s_own_module_is_its_own.py").replace("NAME", name),
            );
        let warm = Warm::up(&project, User::Current, &["--templates", "1"]);
        let run = Asked::new(&warm, &["-v", "run", "own"]).ends_with(0);
        let run = run.complains(&["the template is started now", &format!("`{name}`")]);
        assert_eq!(run.0.stdout, "my own\n");
        warm.down();
    }
}

#[test]
fn a_killed_keeper_ends_its_template_alone() {
    let project = Project::script("").file("waits.py", WAITS);
    let warm = Warm::up(&project, User::Current, &["--templates", "1"]);
    let mut child = waiting_program(&warm);
    warm.ready(1);
    let rows = || {
        let reports = Asked::new(&warm, &["ps", &child.id().to_string(), "--json"]).json();
        reports[0]["processes"].as_array().expect("a list").clone()
    };
    // Blanks come and go, so that the two looks may differ once.
    let complete = || all(&warm).difference(&of_service(&warm)).all(|pid| pids(&rows()).contains(pid));
    assert!(soon(complete), "ps shows {:?} of {:?}", pids(&rows()), all(&warm));
    let rows = rows();
    let keeper = rows.iter().find(|row| row["kind"] == "keeper").expect("a keeper")["pid"].as_i64().expect("a number");
    kill_process(Pid::from_raw(keeper as i32).expect("a number"), Signal::KILL).expect("it lives");
    assert_eq!(child.wait().expect("a child").code(), Some(128 + 9));
    assert!(soon(|| all(&warm).is_subset(&of_service(&warm))));
    warm.run(&["-c", "print('others go on')"], "").ends_with(0);
    warm.down();
}

#[test]
fn a_lower_limit_is_kept() {
    let project = Project::new();
    let warm = Warm::up(&project, User::Current, &["--templates", "1"]);
    warm.ready(1);
    for (limit, shown) in [("ulimit -n 200", "limits"), ("nice -n 5", "scheduling"), ("ulimit -S -c 1", "limits")] {
        let mut command = Command::new("/bin/sh");
        let cloison = project.path("bin/cloison").display().to_string();
        let (before, prefix) = if limit.starts_with("nice") { ("true", limit) } else { (limit, "") };
        command.args(["-c", &format!("{before} && exec {prefix} {cloison} -v run -c 'print(1)'")]);
        command.env("XDG_RUNTIME_DIR", &warm.folder);
        let run = Asked::of(&warm, command, "").ends_with(0).complains(&["the template is started now", shown]);
        assert_eq!(run.0.stdout, "1\n", "{limit}");
    }
    assert_eq!(warm.state()["taken"], 0);
    // The control: without a limit, the same command has it.
    warm.run(&["-c", "print(1)"], "").ends_with(0);
    warm.down();
}

#[test]
fn limits_of_its_own_and_modules_of_its_own_take_a_template_of_its_own() {
    let project = Project::new()
        .file("limited/cloison.toml", "[app]\nentry = \"app:main\"\n[limits]\nmemory = \"256 MiB\"\n")
        .file("limited/app.py", "def main():\n    print('limited')\n")
        .file("own/cloison.toml", "[app]\nentry = \"app:main\"\n")
        .file("own/json.py", "name = 'my own'\n")
        .file(
            "own/app.py",
            include_str!("../python/warm/limits_of_its_own_and_modules_of_its_own_take_a_template_of_its_own.py"),
        );
    let warm = Warm::up(&project, User::Current, &["--templates", "1"]);
    for (folder, shown, why) in [("limited", "limited\n", "[limits] memory"), ("own", "my own\n", "`json`")] {
        warm.ready(1);
        let run = Asked::new(&warm, &["-v", "run", folder]).ends_with(0);
        assert_eq!(run.complains(&["the template is started now", why]).0.stdout, shown);
    }
    warm.down();
}

#[test]
fn another_build_gets_none() {
    let project = Project::new();
    let warm = Warm::up(&project, User::Current, &["--templates", "1"]);
    // A copy is another file.
    let other = project.path("other");
    fs::create_dir(&other).expect("a folder");
    for name in ["cloison", "cloison-microprocess", "cloison-zone"] {
        fs::copy(project.path("bin").join(name), other.join(name)).expect("a copy");
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new(other.join("cloison"));
        command.args(arguments).env("XDG_RUNTIME_DIR", &warm.folder);
        Asked::of(&warm, command, "")
    };
    let cold = run(&["-v", "run", "-c", "print(1)"]).ends_with(0).complains(&["another build"]);
    assert_eq!(cold.0.stdout, "1\n");
    run(&["up"]).ends_with(1).complains(&["another build"]);
    // It can end it all the same.
    run(&["down"]).ends_with(0);
    let mut warm = warm;
    warm.service.take().expect("it runs").finish().ends_with(0);
}

#[test]
fn another_user_gets_none() {
    if users().len() == 1 {
        return;
    }
    let project = Project::new();
    let warm = Warm::up(&project, User::Current, &["--templates", "1"]);
    // The folder opened to everybody by mistake: then the service asks the kernel who it is.
    let folder = warm.folder.join("cloison");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("ours");
    fs::set_permissions(folder.join("warm.sock"), fs::Permissions::from_mode(0o666)).expect("ours");
    let run = |user: User| {
        let mut command = Command::new(project.path("bin/cloison"));
        command.args(["-v", "run", "-c", "print(1)"]).env_clear().env("XDG_RUNTIME_DIR", &warm.folder);
        user.apply(&mut command);
        let output = command.output().expect("cloison starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let stderr = run(User::Nobody);
    assert!(!stderr.contains(USED) && stderr.contains("the template is started now"), "{stderr}");
    // Nor does its own user trust such a folder.
    let stderr = run(User::Current);
    assert!(!stderr.contains(USED) && stderr.contains("not a folder of this user's alone"), "{stderr}");
    // Whoever asks what there is and is somebody else is hung up on; its own user is answered.
    let asked = |user: &[&str]| {
        let (program, folder) = (include_str!("../python/warm/asks.py"), folder.display().to_string());
        let output = Command::new("python3").args(["-c", program, &folder]).args(user).output().expect("python3");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let answered = asked(&[]);
    assert!(answered.trim().parse::<usize>().is_ok_and(|bytes| bytes > 0), "{answered}");
    let said = asked(&["65534"]);
    assert!(
        said == "0\n" || ["ConnectionResetError", "BrokenPipeError"].iter().any(|end| said.contains(end)),
        "{said}"
    );
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("ours");
    assert_eq!(warm.state()["taken"], 0);
    warm.down();
}

#[test]
fn it_ends_when_nobody_wants_it() {
    let project = Project::new();
    let mut warm = Warm::up(&project, User::Current, &["--idle", "1s"]);
    warm.service.take().expect("it runs").finish().ends_with(0);
    assert!(!warm.folder.join("cloison/warm.sock").exists());
}

#[test]
fn it_goes_to_the_background_and_there_is_one() {
    let project = Project::new();
    let folder = project.path("tmp");
    let warm = Warm { project: &project, service: None, user: User::Current, folder };
    let cloison = |arguments: &[&str]| Asked::new(&warm, arguments);
    cloison(&["down"]).ends_with(0).complains(&["no templates are kept"]);
    let up = cloison(&["up", "--templates", "1", "--idle", "5m"]).ends_with(0);
    assert!(up.0.stdout.contains("keeps 1 of 1 template ready, until 300 s without a run"), "{}", up.0);
    assert!(cloison(&["up"]).ends_with(0).0.stdout.starts_with("already up: process "));
    cloison(&["up", "--foreground"]).ends_with(1).complains(&["kept already"]);
    let doctor = cloison(&["doctor", "--json"]).ends_with(0).json();
    assert_eq!((&doctor["warm"]["ready"], &doctor["warm"]["same_build"]), (&Value::from(1), &Value::from(true)));
    let service = doctor["warm"]["service"].as_i64().expect("a number") as i32;
    // It is in a session of its own, and has nothing of ours open.
    let stat = fs::read_to_string(format!("/proc/{service}/stat")).expect("it runs");
    let session: i32 =
        stat.rsplit(')').next().expect("fields").split_whitespace().nth(3).expect("a field").parse().expect("a number");
    assert_eq!(session, service);
    // Everything of it is shown.
    let reports = cloison(&["ps", "--json"]).ends_with(0).json();
    let rows = reports[0]["processes"].as_array().expect("a list");
    let shown: BTreeSet<_> = rows.iter().filter_map(|row| row["pid"].as_i64()).map(|pid| pid as i32).collect();
    let there: BTreeSet<_> = processes(project.folder()).into_iter().map(|process| process.pid).collect();
    assert_eq!(shown, there);
    assert_eq!(there.len(), 5, "service, keeper, init, template, blank");
    cloison(&["down"]).ends_with(0);
    assert!(wait_for_end(project.folder()).is_empty());
}

/// Ends of all kinds come back as they were, and the broker's other duties are done for processes that are not its children.
#[test]
fn whoever_spawns_hears_how_each_one_ended() {
    let source = include_str!("../python/warm/whoever_spawns_hears_how_each_one_ended.py");
    let project = Project::script(source);
    let warm = Warm::up(&project, User::Current, &["--templates", "1"]);
    let cold = Asked::new(&warm, &["-v", "run", "--cold", "main.py"]).ends_with(0);
    assert_eq!(warm.run(&["main.py"], "").shown().1, cold.shown().1);
    warm.down();
}
