//! However a library ends its zone, the caller gets a typed answer in time, lives on, and its next call works.

use cloison_tests::{Output, Project, User, users};
use serde_json::Value;

const SOURCE: &str = include_str!("../c/crimes.c");
const ZONE: &str = include_str!("../c/crimes.zone.toml");

/// What the caller must get.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// `ZoneCrashed` with one of these signals.
    Signal(&'static [i64]),
    /// `ZoneCrashed` with this exit status.
    Exit(i64),
    /// `DeadlineExceeded`
    Deadline,
    /// A value from this range: the crime does not succeed, and nothing has to end.
    Value(i64, i64),
    /// Any of the above: what C does then is not defined.
    Any,
}
use Answer::{Any, Deadline, Exit, Value as Gives};

const SEGV: Answer = Answer::Signal(&[11]);
const ABRT: Answer = Answer::Signal(&[6]);
const SYS: Answer = Answer::Signal(&[31]);

/// A crime as a Python call, and what becomes of it. Groups share a zone, which starts again without delay ten times.
const CRIMES: [&[(&str, Answer)]; 4] = [
    &[
        ("segfault()", SEGV),
        ("wild_jump()", SEGV),
        ("aborts()", ABRT),
        ("illegal()", Answer::Signal(&[4, 5])),
        ("divides(0)", Answer::Signal(&[8])),
        ("double_free()", ABRT),
        ("smashes_stack()", Answer::Signal(&[6, 11])),
        ("overflows_stack()", SEGV),
        ("divides(1)", Gives(7, 7)),
    ],
    &[
        ("exits(0)", Exit(0)),
        ("exits(3)", Exit(3)),
        ("exits_at_once(0)", Exit(0)),
        ("exits_at_once(200)", Exit(200)),
        ("exits_thread()", Exit(5)),
        ("ends_main_thread()", Any),
        ("catches_the_filter()", SYS),
        ("eats_memory_and_dies()", SEGV),
        ("eats_memory()", Gives(16, 96)),
    ],
    &[
        ("loops()", Deadline),
        ("sleeps()", Deadline),
        ("loops_deafly()", Deadline),
        ("faults_for_ever()", Deadline),
        ("survives_own_fault()", Gives(7, 7)),
        ("remembers()", Gives(0, 0)),
        ("jumps_out()", Any),
    ],
    &[
        ("signals_itself(9)", Gives(-1, -1)),
        ("signals_itself(19)", Gives(-1, -1)),
        ("signals_itself(15)", Gives(-1, -1)),
        ("signals_itself(6)", ABRT),
        ("forks_a_lot()", Gives(0, 0)),
        ("prints_a_lot()", Gives(1, 1)),
        ("closes_everything()", Any),
    ],
];

/// Commits each crime, then asks the same zone and a bystander for something honest.
const PROGRAM: &str = include_str!("../python/zone_ends/program.py");

fn project() -> Project {
    let mut manifest = "[capabilities.bystander]\nzone = \"crimes.zone.toml\"\nallow = [\"count\"]\n".to_owned();
    let mut project = Project::script(PROGRAM).library("crimes.so", SOURCE).file("crimes.zone.toml", ZONE);
    for index in 0..CRIMES.len() {
        project = project.file(&format!("crimes{index}.zone.toml"), ZONE);
        manifest += &format!("[capabilities.crimes{index}]\nzone = \"crimes{index}.zone.toml\"\nallow = \"*\"\n");
    }
    project.file("cloison.toml", &manifest)
}

fn commit(project: &Project, user: User) -> Output {
    let group = |(index, crimes): (usize, &&[(&str, Answer)])| {
        let calls = crimes.iter().map(|(call, _)| Value::from(*call));
        std::iter::once(Value::from(format!("crimes{index}"))).chain(calls).collect::<Value>()
    };
    let groups: Value = CRIMES.iter().enumerate().map(group).collect();
    project.main(&[&groups.to_string()]).user(user).output().ends_with(0)
}

impl Answer {
    fn fits(self, result: &Value) -> bool {
        let crashed = result["error"] == "ZoneCrashed";
        let overdue = result["error"] == "DeadlineExceeded";
        match self {
            Self::Signal(signals) => {
                crashed
                    && result["signal"].as_i64().is_some_and(|got| signals.contains(&got))
                    && result["code"].is_null()
            }
            Exit(code) => crashed && result["code"] == code && result["signal"].is_null(),
            Deadline => overdue && result["deadline"] == 0.3,
            Gives(least, most) => result["value"].as_i64().is_some_and(|got| (least..=most).contains(&got)),
            Any => crashed || overdue || result["value"].is_i64(),
        }
    }
}

#[test]
fn every_crime_has_a_typed_answer_and_the_next_call_works() {
    let project = project();
    for &user in users() {
        let output = commit(&project, user);
        let results = output.json_lines();
        let crimes: Vec<_> = CRIMES.iter().copied().flatten().collect();
        assert_eq!(results.len(), crimes.len(), "{output}");
        for (number, (result, (crime, answer))) in results.iter().zip(&crimes).enumerate() {
            assert_eq!(result["crime"], *crime);
            assert!(answer.fits(result), "{crime} as {user:?}: not {answer:?} but {result}");
            let name = crime.split('(').next().expect("a name");
            assert!(result["error"].is_null() || result["function"] == name, "{crime}: {result}");
            assert_eq!(result["next"]["value"], 5, "the next call after {crime}: {result}");
            // The other zone has neither been restarted nor missed a call.
            assert_eq!(result["bystander"], number as i64 + 1, "{crime}: {result}");
            let took_ms = result["ms"].as_i64().unwrap_or(-1);
            assert!(!matches!(answer, Deadline) || took_ms >= 300, "{crime}: {result}");
        }
        assert!(!output.stdout.contains("forged") && !output.stderr.contains("forged"), "a library printed:\n{output}");
    }
}

#[test]
fn a_crash_loop_is_slowed_down_and_recovers() {
    let source = include_str!("../python/zone_ends/a_crash_loop_is_slowed_down_and_recovers.py");
    let manifest = "[capabilities.crimes]\nzone = \"crimes.zone.toml\"\nallow = \"*\"\n";
    let project = Project::script(source)
        .library("crimes.so", SOURCE)
        .file("crimes.zone.toml", ZONE)
        .file("cloison.toml", manifest);
    let output = project.main(&[]).output().ends_with(0);
    let crashes = output
        .stdout
        .split("'ZoneCrashed': ")
        .nth(1)
        .and_then(|rest| rest.split([',', '}']).next()?.parse::<u32>().ok());
    assert!(crashes.is_some_and(|crashes| crashes >= 10), "{output}");
    assert!(output.stdout.contains("ZoneUnavailable") && output.stdout.ends_with("5\n"), "{output}");
    for advice in [
        "with `instances = \"per-client\"`, a crash costs its own client alone",
        "with `\"per-call\"` its own call alone",
    ] {
        assert!(output.stdout.contains(advice), "what would help is said: {output}");
    }
}

/// A library whose constructor does this.
fn with_constructor(name: &str, statement: &str) -> Project {
    let source = include_str!("../python/zone_ends/with_constructor.py");
    let manifest = format!(
        "[capabilities.crimes]\nzone = \"{name}.zone.toml\"\nallow = \"*\"\n[capabilities.libm]\nzone = \"libm\"\nallow = \"*\"\n"
    );
    let project = Project::script(source).file("cloison.toml", &manifest).file(&format!("{name}.zone.toml"), ZONE);
    project.library_with("crimes.so", SOURCE, &[format!("CONSTRUCTOR={statement}")])
}

#[test]
fn a_constructor_that_ends_the_zone_is_an_error_of_the_start() {
    let constructors = [
        ("crash", "*(volatile int *)0 = 1", "signal 11"),
        ("abort", "abort()", "signal 6"),
        ("exit", "exit(0)", "status 0"),
        ("leave", "_exit(3)", "status 3"),
        ("filter", "syscall(SYS_ptrace, 0, 0, 0, 0)", "signal 31"),
    ];
    for (name, statement, how) in constructors {
        let output = with_constructor(name, statement).main(&[]).output().ends_with(0);
        let lines: Vec<_> = output.stdout.lines().filter(|line| !line.starts_with("hint")).collect();
        assert_eq!(lines.len(), 3, "{output}");
        assert!(
            lines[..2].iter().all(|line| line.starts_with("ZoneUnavailable") && line.contains(how)),
            "{name}: {output}"
        );
        assert_eq!(lines[2], "4.0", "{output}");
    }
    let control = with_constructor("honest", "counter = 1").main(&[]).output();
    control.prints("ok 5\nok 5\n4.0\n");
}

#[test]
fn a_constructor_that_hangs_is_ended() {
    let project = with_constructor("hang", "loops()");
    let source = include_str!("../python/zone_ends/a_constructor_that_hangs_is_ended.py");
    project.write("main.py", source.as_bytes());
    let output = project.main(&[]).output().ends_with(0);
    assert!(output.stdout.starts_with("zone"), "{output}");
}
