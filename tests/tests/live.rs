//! `cloison ps`, `kill` and `inspect` on applications that run: complete, for their user alone, and a kill is heard of.

use crate::processes::with_endless_calls;
use cloison_tests::leftovers::processes;
use cloison_tests::run::{PATIENCE, Running};
use cloison_tests::{Output, Project, User, users};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

const FAMILY: &str = include_str!("../python/live/family.py");
/// Its microprocesses: the program, and those that it has spawned.
const WAITING: u64 = 2;
const HOG: u64 = 3;
const REGISTERED: u64 = 4;
const CALLER: u64 = 5;

/// Signals arrive while the memory of long messages is under way.
#[test]
fn whoever_is_looked_at_while_it_exchanges_long_messages_goes_on() {
    let project = Project::script(include_str!("../python/live/parcels.py"));
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "more True");
    for _ in 0..30 {
        live.ask(&["inspect", "exchanges"]).ends_with(0);
    }
    assert_eq!(live.ended(), "more True");
    live.running.stdin().write_all(b"\n").expect("it listens");
    live.running.finish().ends_with(0);
}

/// A process that does not say where it is says why not, as far as can be seen from outside.
#[test]
fn whoever_is_silent_has_a_reason() {
    let project = Project::script(include_str!("../python/live/silent.py"));
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    let inspected = |name: &str| live.ask(&["inspect", name, "--json"]).ends_with(0).json();
    let silence = |name: &str| inspected(name)["silence"].clone();
    // Beside others, either of them may get no processor at that moment.
    let until = |name: &str, wanted: Value| {
        let begun = Instant::now();
        while silence(name) != wanted {
            assert!(begun.elapsed() < PATIENCE, "{name} is never {wanted}");
        }
    };
    until("loops", Value::Null);
    until("sums", "native".into());
    // Native code has no Python line of its own: it is the line that called it.
    let begun = Instant::now();
    while !inspected("sums")["last_seen"].as_str().is_some_and(|stack| stack.ends_with(", line 13, in sums\n")) {
        assert!(begun.elapsed() < PATIENCE, "nobody saw where it is: {}", inspected("sums"));
    }
    assert_eq!(inspected("loops")["last_seen"], Value::Null);
    let stopped = live.row_when(3, |row| row["name"] == "sums")["pid"].as_i64().expect("it has one");
    let stopped = Pid::from_raw(stopped as i32).expect("it is a process");
    kill_process(stopped, Signal::STOP).expect("ours");
    assert_eq!(silence("sums"), "processor");
    let shown = live.ask(&["inspect", "sums"]).ends_with(0);
    assert!(shown.stdout.contains("it has hardly run since"), "{shown}");
    kill_process(stopped, Signal::CONT).expect("ours");
    let killed = live.ask(&["kill", "sums", "loops", "--json"]).ends_with(0).json();
    let of = |number: u64| serde_json::json!({ "broker": live.pid(), "number": number });
    assert_eq!(killed, serde_json::json!([of(3), of(2)]));
    assert_eq!(live.line(), "['killed', 'killed']");
    live.running.finish().ends_with(0);
}

/// Whoever computes between instructions or waits may get no processor, and is not to be blamed for that.
#[test]
fn whoever_is_in_no_native_code_is_never_said_to_be() {
    let project = family();
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    for _ in 0..20 {
        for name in ["hog", "waiting", "printer"] {
            let inspected = live.ask(&["inspect", name, "--json"]).ends_with(0).json();
            assert!(["native", "call"].iter().all(|word| inspected["silence"] != *word), "{inspected:#}");
        }
    }
    drop(live.lines);
    live.running.signal(Signal::KILL);
    live.running.finish().ends_with(-9);
}

/// A running program, and the commands that look at it.
pub(crate) struct Live<'p> {
    pub(crate) running: Running<'p>,
    pub(crate) lines: Box<dyn BufRead>,
    /// Where it is found.
    folder: PathBuf,
    /// Whose commands look at it: a project without processes of its own.
    looker: Project,
}

impl<'p> Live<'p> {
    /// Start a program, and wait until it says that it is ready.
    pub(crate) fn start(project: &'p Project, user: User, arguments: &[&str]) -> Self {
        Self::start_in(project, project.path("tmp"), user, arguments)
    }

    /// The same, to be found in that folder.
    fn start_in(project: &'p Project, folder: PathBuf, user: User, arguments: &[&str]) -> Self {
        let mut running = project.main(arguments).runtime(&folder).user(user).start_with(Stdio::piped());
        let lines = Box::new(BufReader::new(running.stdout()));
        Self { running, lines, folder, looker: Project::new() }
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("UTF-8");
        line.trim_end().to_owned()
    }

    /// What the program says when it is asked which process has ended.
    pub(crate) fn ended(&mut self) -> String {
        self.running.stdin().write_all(b"\n").expect("it listens");
        self.line()
    }

    pub(crate) fn pid(&self) -> i32 {
        self.running.pid()
    }

    /// A command of this user's.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Output {
        self.ask_as(User::Current, arguments)
    }

    fn ask_as(&self, user: User, arguments: &[&str]) -> Output {
        self.looker.cloison(arguments).runtime(&self.folder).user(user).output()
    }

    /// What `ps` says of the only application.
    pub(crate) fn rows(&self, user: User) -> Vec<Value> {
        let reports = self.ask_as(user, &["ps", "--json"]).ends_with(0).json();
        let [report] = reports.as_array().expect("a list").as_slice() else { panic!("one application: {reports}") };
        assert_eq!(report["broker"], self.pid());
        report["processes"].as_array().expect("a list").clone()
    }

    fn row(&self, number: u64) -> Value {
        let rows = self.rows(User::Current);
        rows.into_iter().find(|row| row["number"] == number).unwrap_or_else(|| panic!("a process {number}"))
    }

    /// Wait until a process has nothing to do, or has used some of a processor since it was looked at first.
    fn is_at_work(&self, name: &str) {
        // Who has just been spawned may be no process of the kernel's yet.
        let forked = || {
            let rows = self.rows(User::Current);
            let row = rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("a process {name}"));
            row["pid"].as_i64()
        };
        let until = Instant::now() + PATIENCE;
        let pid = loop {
            if let Some(pid) = forked() {
                break pid;
            }
            assert!(Instant::now() < until, "{name} is not forked");
            std::thread::sleep(Duration::from_millis(2));
        };
        // The 3rd field is the state, the 14th and the 15th are ticks of a hundredth of a second.
        let look = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
            let fields: Vec<_> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
            let ticks = |field: usize| fields[field - 3].parse::<u64>().expect("a number");
            (fields[0] == "S", ticks(14) + ticks(15))
        };
        let first = look().1;
        while !(look().0 || look().1 > first + 3) {
            assert!(Instant::now() < until, "{name} does nothing");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Wait until that holds.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < until, "never: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A row, once it is as it should be.
    fn row_when(&self, number: u64, holds: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let row = self.row(number);
            if holds(&row) {
                return row;
            }
            assert!(Instant::now() < until, "{row:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn family() -> Project {
    with_endless_calls(FAMILY)
}

/// Its process, and all that descend from it, as the kernel has them.
fn descendants(root: i32) -> BTreeSet<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        // The parent follows the state, which follows the name, which ends at the last parenthesis.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        children.entry(parent.unwrap_or(0)).or_default().push(pid);
    }
    let mut found = BTreeSet::from([root]);
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        for child in children.get(&pid).into_iter().flatten() {
            found.insert(*child);
            open.push(*child);
        }
    }
    found
}

fn pids(rows: &[Value]) -> BTreeSet<i32> {
    rows.iter().filter_map(|row| row["pid"].as_i64()).map(|pid| pid as i32).collect()
}

/// How many processes of each kind `ps` shows, once it shows all that there are and these kinds are among them.
fn all_are_shown(live: &Live<'_>, project: &Project, user: User, kinds: &[&str]) -> BTreeMap<String, usize> {
    // While blanks come, the two looks may differ; they agree as soon as nothing changes between them.
    let until = Instant::now() + PATIENCE;
    let shown = loop {
        let before = descendants(live.pid());
        let rows = live.rows(user);
        let after = descendants(live.pid());
        let shown = pids(&rows);
        let has = |kind: &&str| rows.iter().any(|row| row["kind"] == *kind);
        let named: BTreeSet<_> = processes(project.folder()).into_iter().map(|process| process.pid).collect();
        if before == after && shown == before && named.is_subset(&shown) && kinds.iter().all(has) {
            break rows;
        }
        assert!(Instant::now() < until, "shown: {shown:?}, there: {before:?} {after:?} {named:?}");
        std::thread::sleep(Duration::from_millis(50));
    };
    shown.iter().fold(BTreeMap::new(), |mut kinds, row| {
        *kinds.entry(row["kind"].as_str().expect("a text").to_owned()).or_default() += 1;
        kinds
    })
}

#[test]
fn no_process_exists_that_ps_does_not_show() {
    for &user in users() {
        let project = family();
        let mut live = Live::start(&project, user, &[]);
        assert_eq!(live.line(), "ready");
        // "ready" does not wait for the zone of the one that calls, nor for a blank.
        let kinds = all_are_shown(&live, &project, user, &["zone", "blank"]);
        assert_eq!(
            (kinds["broker"], kinds["template"], kinds["zone"], kinds["microprocess"]),
            (1, 2, 1, 7),
            "{kinds:?}"
        );
        assert!(kinds["init"] == 2 && kinds["blank"] >= 1, "{kinds:?}");
        drop(live.lines);
        live.running.signal(Signal::KILL);
        live.running.finish().ends_with(-9);
    }
}

/// The process of a call that has one of its own, a program, its child, and one whose parent has ended.
#[test]
fn ps_shows_what_zones_and_programs_have_started() {
    let grants = "[capabilities.endless]\nzone = \"endless.zone.toml\"\nallow = \"*\"\n\
                  [capabilities.tools]\nzone = \"process\"\n\
                  commands = [{ name = \"tool\", path = \"/usr/bin/python3\", arguments = [\"-c\", \"*\"], time = \"1 h\", processes = 8 }]\n";
    let zone = include_str!("../c/endless.zone.toml").replace("\"per-client\"", "\"per-call\"");
    for &user in users() {
        let project = with_endless_calls(include_str!("../python/live/starts.py"))
            .file("cloison.toml", grants)
            .file("endless.zone.toml", &zone);
        let mut live = Live::start(&project, user, &[]);
        assert_eq!(live.line(), "ready");
        let kinds = all_are_shown(&live, &project, user, &["call", "program"]);
        // Zones are that of the calls, and the service that programs were asked of.
        assert_eq!((kinds["call"], kinds["program"], kinds["zone"], kinds["init"]), (1, 3, 2, 4), "{kinds:?}");
        let rows = live.rows(user);
        let of = |kind: &str| rows.iter().filter(|row| row["kind"] == kind).cloned().collect::<Vec<_>>();
        let call = &of("call")[0];
        assert_eq!((&call["name"], &call["monitors"]), (&"endless".into(), &serde_json::json!([2])), "{call:#}");
        let programs: Vec<_> = of("program").iter().map(|row| (row["name"].clone(), row["function"].clone())).collect();
        let started = |path: Value| ("process".into(), path);
        let expected = [started("/usr/bin/python3".into()), started(Value::Null), started(Value::Null)];
        assert!(expected.iter().all(|one| programs.contains(one)), "{programs:?}");
        let table = live.ask_as(user, &["ps"]).ends_with(0);
        for kind in ["call ", "program "] {
            assert!(table.stdout.lines().any(|line| line.starts_with(kind)), "{table}");
        }
        drop(live.lines);
        live.running.signal(Signal::KILL);
        live.running.finish().ends_with(-9);
    }
}

#[test]
fn ps_says_what_each_process_is_and_does() {
    let project = family();
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    let program = live.row(1);
    assert_eq!(
        (&program["name"], &program["parent"], &program["function"]),
        (&Value::Null, &Value::Null, &"main.py".into())
    );
    assert_eq!(program["capabilities"], serde_json::json!(["endless"]));
    assert_eq!(program["monitors"].as_array().expect("a list").len(), 6, "{program:#}");
    let waiting = live.row_when(WAITING, |row| row["activity"] == "receiving" && row["mailbox_bytes"] != 0);
    assert_eq!(waiting["mailbox_messages"], 1, "{waiting:#}");
    assert_eq!((&waiting["name"], &waiting["function"]), (&"waiting".into(), &"__main__:waits".into()), "{waiting:#}");
    assert_eq!((&waiting["parent"], &waiting["links"]), (&1.into(), &serde_json::json!([REGISTERED])), "{waiting:#}");
    assert!(waiting["mailbox_bytes"].as_u64().is_some_and(|bytes| (5000..6000).contains(&bytes)), "{waiting:#}");
    assert_eq!(waiting["capabilities"], serde_json::json!([]));
    let hog = live.row_when(HOG, |row| row["cpu"]["used_nanoseconds"].as_u64() > Some(100_000_000));
    assert_eq!(hog["activity"], "running", "{hog:#}");
    assert!(hog["memory"]["private_bytes"].as_u64() > Some(0) && hog["memory"]["page_tables_bytes"].as_u64() > Some(0));
    let registered = live.row(REGISTERED);
    assert_eq!((&registered["names"], &registered["name"]), (&serde_json::json!(["printer"]), &Value::Null));
    assert_eq!((&registered["traps_exits"], &hog["traps_exits"]), (&true.into(), &false.into()));
    assert_eq!(
        (&registered["links"], &registered["monitors"]),
        (&serde_json::json!([WAITING]), &serde_json::json!([WAITING]))
    );
    let caller = live.row_when(CALLER, |row| row["activity"]["calling"].is_object());
    let calling = &caller["activity"]["calling"];
    assert_eq!((&calling["zone"], &calling["function"]), (&"endless".into(), &"forever".into()));
    let since = calling["nanoseconds"].as_u64().expect("a number");
    live.row_when(CALLER, |row| row["activity"]["calling"]["nanoseconds"].as_u64() > Some(since));
    assert_eq!(caller["capabilities"], serde_json::json!(["endless"]));

    let table = live.ask(&["ps"]).ends_with(0);
    assert!(table.stdout.starts_with(&format!("application {}: main.py\nPROCESS ", live.pid())), "{table}");
    let line =
        |start: &str| table.stdout.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{table}"));
    assert!(line(&format!("{}.{REGISTERED} ", live.pid())).contains("printer"), "{table}");
    assert!(line(&format!("{}.{CALLER} ", live.pid())).contains(" in endless.forever for "), "{table}");
    assert_eq!(
        live.ask(&["ps", &live.pid().to_string(), "--json"]).ends_with(0).json().as_array().map(Vec::len),
        Some(1)
    );

    let inspected = live.ask(&["inspect", "waiting"]).ends_with(0);
    let links = format!("linked to:      {REGISTERED}\n");
    for part in [&format!("process:        {}.{WAITING}\n", live.pid()), "state:          in receive\n", &links] {
        assert!(inspected.stdout.contains(part), "no {part:?} in {inspected}");
    }
    let inspected = live.ask(&["inspect", "printer", "--json"]).ends_with(0).json();
    assert_eq!((&inspected["number"], &inspected["broker"]), (&REGISTERED.into(), &live.pid().into()), "{inspected:#}");
    drop(live.lines);
    live.running.signal(Signal::KILL);
    live.running.finish().ends_with(-9);
}

#[test]
fn a_process_is_killed_by_its_number_or_its_name() {
    let project = family();
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    let broker = live.pid();
    // Each way to say which.
    for (named, number) in
        [("hog", HOG), (&format!("{broker}.{CALLER}"), CALLER), ("2", WAITING), ("printer", REGISTERED)]
    {
        let output = live.ask(&["kill", named]).ends_with(0);
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""), "{output}");
        assert_eq!(live.ended(), format!("{number} killed"), "{named}");
    }
    // What cannot be meant.
    let refusals: [(&[&str], &str); 7] = [
        (&["kill", "twin"], "2 processes of application"),
        (&["kill", "nobody"], "has no process nobody"),
        (&["kill", "99"], "has no process 99"),
        (&["kill", &format!("{broker}.hog")], "has no process hog"),
        (&["kill", "999999.1"], "application 999999 does not answer"),
        (&["inspect", "hog"], "has no process hog"),
        (&["ps", "999999"], "application 999999 does not answer"),
    ];
    for (arguments, said) in refusals {
        let output = live.ask(arguments).ends_with(1);
        assert!(output.stdout.is_empty() && output.stderr.starts_with("error: "), "{output}");
        assert!(output.stderr.lines().last().is_some_and(|line| line.starts_with("hint: ")), "{output}");
        output.complains(&[said]);
    }
    live.ask(&["kill"]).ends_with(2);
    // If one of several is not there, none is killed.
    live.ask(&["kill", &format!("{broker}.6"), "nobody"]).ends_with(1);
    live.ask(&["kill", &format!("{broker}.6"), &format!("{broker}.7")]).ends_with(0);
    assert_eq!(BTreeSet::from([live.ended(), live.ended()]), BTreeSet::from(["6 killed".into(), "7 killed".into()]));
    // The program itself: its end is the application's.
    live.ask(&["kill", "1"]).ends_with(0);
    drop(live.lines);
    live.running.finish().ends_with(137);
}

#[test]
fn of_two_applications_it_has_to_be_said_which() {
    let projects = [family(), family()];
    let folder = projects[0].path("tmp");
    let mut one = Live::start(&projects[0], User::Current, &[]);
    let mut two = Live::start_in(&projects[1], folder, User::Current, &[]);
    assert_eq!((one.line(), two.line()), ("ready".into(), "ready".into()));
    let brokers = |output: &Output| -> BTreeSet<i64> {
        output.json().as_array().expect("a list").iter().filter_map(|report| report["broker"].as_i64()).collect()
    };
    let shown = one.ask(&["ps", "--json"]).ends_with(0);
    assert_eq!(brokers(&shown), BTreeSet::from([one.pid().into(), two.pid().into()]));
    one.ask(&["kill", "hog"]).ends_with(1).complains(&["2 applications are running", "hint: say which"]);
    one.ask(&["kill", &format!("{}.hog", two.pid())]).ends_with(0);
    assert_eq!(two.ended(), format!("{HOG} killed"));
    assert_eq!(one.row_of(one.pid(), HOG)["name"], "hog");
    for live in [one, two] {
        drop(live.lines);
        live.running.signal(Signal::KILL);
        live.running.finish().ends_with(-9);
    }
}

impl Live<'_> {
    fn row_of(&self, broker: i32, number: u64) -> Value {
        let reports = self.ask(&["ps", &broker.to_string(), "--json"]).ends_with(0).json();
        let rows = reports[0]["processes"].as_array().expect("a list").clone();
        rows.into_iter().find(|row| row["number"] == number).unwrap_or_else(|| panic!("a process {number}"))
    }
}

#[test]
fn whatever_it_does_a_process_is_killed_from_outside() {
    let project = with_endless_calls(include_str!("../python/processes/kills.py"));
    let mut live = Live::start(&project, User::Current, &["from outside"]);
    let mut killed = 0;
    loop {
        let name = live.line();
        if name.is_empty() {
            break;
        }
        live.is_at_work(&name);
        live.ask(&["kill", &name]).ends_with(0);
        assert_eq!(live.line(), format!("{name} killed"));
        killed += 1;
    }
    assert_eq!(killed, 12);
    live.running.finish().ends_with(0);
}

/// A signal that nobody here has sent. (Rust's handler of SIGSEGV and SIGBUS waits for the fault to come again.)
#[test]
fn a_crash_is_heard_of_as_one() {
    let project = family();
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    for (number, signal) in [(HOG, Signal::FPE), (WAITING, Signal::ILL), (CALLER, Signal::TRAP)] {
        let pid = live.row_when(number, |row| row["pid"].is_i64())["pid"].as_i64().expect("a number");
        kill_process(Pid::from_raw(pid as i32).expect("no zero"), signal).expect("it lives");
        assert_eq!(live.ended(), format!("{number} crash (signal {})", signal.as_raw()));
    }
    drop(live.lines);
    live.running.signal(Signal::KILL);
    live.running.finish().ends_with(-9);
}

/// Its init still has its socket, so that nothing that it is asked comes back as an error.
#[test]
fn without_its_template_an_application_goes_on_and_spawning_is_an_error() {
    let project = Project::script(include_str!("../python/live/without_template.py"));
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    let rows = live.ask(&["ps", "--json"]).ends_with(0).json();
    let rows = rows[0]["processes"].as_array().expect("a list").clone();
    let template = rows.iter().find(|row| row["kind"] == "template").expect("a template")["pid"].as_i64();
    let template = Pid::from_raw(template.expect("a number") as i32).expect("no zero");
    kill_process(template, Signal::KILL).expect("it lives");
    assert!(
        live.ended().starts_with("SpawnError the process could not be started: the template was ended by signal 9")
    );
    assert!(["['normal']", "[]"].contains(&&*live.line()));
    live.running.finish().ends_with(0);
}

/// More of them than may wait to be let in: whoever cannot even ask does not wait for ever.
#[test]
fn an_application_that_is_stopped_keeps_nobody_waiting() {
    let project = family();
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    live.running.signal(Signal::STOP);
    let lookers: Vec<_> = (0..20).map(|_| Project::new()).collect();
    let looking: Vec<_> = lookers.iter().map(|looker| looker.cloison(&["ps"]).runtime(&live.folder).start()).collect();
    // Another one is seen beside it.
    let other = family();
    let mut answers = Live::start_in(&other, live.folder.clone(), User::Current, &[]);
    assert_eq!(answers.line(), "ready");
    let last = live.ask(&["ps"]);
    assert!(last.stdout.contains(&format!("application {}", answers.pid())), "{last}");
    for output in looking.into_iter().map(Running::finish).chain([last]) {
        output.ends_with(1).complains(&[&format!("application {} does not answer", live.pid())]);
    }
    live.running.signal(Signal::CONT);
    // It hangs up on those who have given up, and answers then.
    let until = Instant::now() + PATIENCE;
    while live.ask(&["ps", &live.pid().to_string()]).code() != 0 {
        assert!(Instant::now() < until, "it goes on");
    }
    drop(answers.lines);
    answers.running.signal(Signal::KILL);
    answers.running.finish().ends_with(-9);
    drop(live.lines);
    live.running.signal(Signal::KILL);
    live.running.finish().ends_with(-9);
}

#[test]
fn an_application_is_seen_by_its_user_alone() {
    let project = family();
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    let folder = live.folder.join("cloison");
    let socket = folder.join(format!("{}.sock", live.pid()));
    assert_eq!(fs::metadata(&folder).expect("a folder").mode() & 0o7777, 0o700);
    let metadata = fs::metadata(&socket).expect("a socket");
    assert!(metadata.file_type().is_socket() && metadata.mode() & 0o7777 == 0o600, "{metadata:?}");
    if users().contains(&User::Nobody) {
        let hog = format!("{}.hog", live.pid());
        let denied = |live: &Live<'_>| {
            for arguments in [&["ps"][..], &["ps", "--json"], &["kill", "hog"], &["kill", &hog], &["inspect", &hog]] {
                let output = live.ask_as(User::Nobody, arguments);
                assert!(output.code() == 1 && output.stdout.is_empty(), "{arguments:?}: {output}");
            }
        };
        denied(&live);
        // If somebody opens the folder and the socket, who asks is still hung up on.
        for path in [&folder, &socket] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("permissions");
        }
        denied(&live);
        for (path, mode) in [(&folder, 0o700), (&socket, 0o600)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
        }
    }
    assert_eq!(live.row(HOG)["name"], "hog", "it lives, and its own user sees it");
    // The socket goes with the application.
    live.ask(&["kill", "1"]).ends_with(0);
    drop(live.lines);
    live.running.finish().ends_with(137);
    assert!(!socket.exists());
}

#[test]
fn without_applications_there_is_nothing_to_see() {
    let project = family();
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    drop(live.lines);
    live.running.signal(Signal::KILL);
    live.running.finish().ends_with(-9);
    // A broker that was killed has left its socket; whoever looks next removes it.
    let socket = live.folder.join("cloison").read_dir().expect("a folder").flatten().next().expect("a socket").path();
    let ask = |arguments: &[&str]| live.looker.cloison(arguments).runtime(&live.folder).output();
    assert_eq!(ask(&["ps", "--json"]).ends_with(0).stdout, "[]\n");
    assert!(!socket.exists());
    let output = ask(&["ps"]).ends_with(0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", "no application of this user is running\n"));
    ask(&["kill", "worker"]).ends_with(1).complains(&["no application of this user is running"]);
    ask(&["inspect", "1"]).ends_with(1).complains(&["no application of this user is running"]);
}
