//! A script is imported once for all processes that run functions of it, by a template of its own; and whatever the script does when it is
//! imported, it cannot tell, and nothing is worse than if each process imported it.

use crate::live::Live;
use cloison_tests::leftovers::processes;
use cloison_tests::run::PATIENCE;
use cloison_tests::{Output, Project, User};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::Write;
use std::time::{Duration, Instant};

const SHARES: &str = include_str!("../python/imported_once/shares.py");
const ATTEMPTS: &str = include_str!("../python/imported_once/attempts.py");
const ENDS_OF_OBJECTS: &str = include_str!("../python/imported_once/ends_of_objects.py");
const LIVES: &str = include_str!("../python/imported_once/lives.py");
const FRESH: &str = include_str!("../python/processes/fresh.py");

/// Import as a script does what is written for an application, and wait until the module is shared.
const SHARED: &str = include_str!("../python/imported_once/shared.py");

#[test]
fn its_processes_share_one_import_and_nothing_else() {
    let output = Project::script(SHARES).main(&[]).output().ends_with(0);
    let mut lines = output.stdout.lines();
    assert_eq!(lines.next(), Some("__main__ is imported"), "{output}");
    // What is imported is said once for each import, and by all processes of one import together once.
    let said = lines.by_ref().take_while(|line| *line == "__mp_main__ is imported").count();
    let imports = output.stdout.lines().find_map(|line| line.strip_prefix("imports: ")).expect("a number");
    assert_eq!(imports.parse::<usize>().ok(), Some(said), "{output}");
    let rest: Vec<_> = lines.collect();
    let expected = [
        "after that: True True",
        "what the others see: [[1], 'of the module', '__mp_main__']",
        "what the program sees: [1] of the module",
    ];
    assert_eq!(rest, expected, "{output}");
}

/// As `what_a_fork_copies_is_fresh_in_a_child`, but for modules that are imported in the template.
#[test]
fn what_a_fork_copies_is_fresh_in_a_child_of_a_script() {
    let project = Project::script(&format!("{FRESH}{SHARED}"))
        .file("cloison.toml", "[capabilities.libm]\nzone = \"libm\"\nallow = [\"sqrt\"]\n");
    let output = project.main(&["an argument"]).output().ends_with(0);
    let from =
        |text: &str, line: &str| text[text.find(line).unwrap_or_else(|| panic!("no {line:?}:\n{text}"))..].to_owned();
    let expected =
        include_str!("../python/processes/fresh.txt").replace("['.', 'an argument']", "['main.py', 'an argument']");
    assert_eq!(from(&output.stdout, "random.random: "), from(&expected, "random.random: "), "{output}");
}

#[test]
fn what_a_program_has_made_ends_and_what_the_library_has_is_not_counted() {
    let expected = "an object in a list of the module has ended\nan object in a module of the library has ended\n\
                    an object of the module has ended\nan object of the process has ended\nand its weak reference knows\n\
                    what is watched has ended\ncounted: False False True True\n";
    Project::script(ENDS_OF_OBJECTS).main(&[]).output().prints(expected);
    let application = Project::new().file("app.py", ENDS_OF_OBJECTS);
    let application = application.file("cloison.toml", "[app]\nentry = \"app:main\"\n");
    application.application(&[]).output().prints(expected);
}

/// `zoneinfo` does, too: it asks where the interpreter was built.
#[test]
fn an_application_may_look_for_what_is_not_there_when_it_is_imported() {
    let source =
        include_str!("../python/imported_once/an_application_may_look_for_what_is_not_there_when_it_is_imported.py");
    for more in ["", "[capabilities.files]\nzone = \"files\"\nscratch = \"1 MiB\"\n"] {
        let manifest = format!("[app]\nentry = \"app:main\"\n{more}");
        let application = Project::new().file("app.py", source).file("cloison.toml", &manifest);
        application.application(&[]).output().prints("False Europe/Zurich\n");
    }
}

fn attempt(what: &str) -> Output {
    let manifest = "[limits]\nmemory = \"128 MiB\"\n[capabilities.libm]\nzone = \"libm\"\nallow = [\"sqrt\"]\n";
    let project = Project::script(ATTEMPTS).file("cloison.toml", manifest);
    project.main(&[what]).output()
}

/// Of three processes without a capability and three with one, what is told of each.
fn each(what: &str, without: &str, with: &str) -> Output {
    let expected = format!("-- {what}\n{}{}", without.repeat(3), with.repeat(3));
    let output = attempt(what).ends_with(0);
    let shown: String =
        output.stdout.lines().filter(|line| !line.starts_with("xxx")).map(|line| format!("{line}\n")).collect();
    assert_eq!(shown, expected, "{output}");
    output
}

#[test]
fn whatever_a_script_does_while_it_is_imported_is_as_if_each_process_imported_it() {
    let same = |what: &str, told: &str| each(what, told, told);
    let argued = |what: &str, value: &str| format!("told: {value} True ['{what}']\nnormal\n");
    let output = same("raises", "ended: ValueError: at the top\n");
    assert_eq!(output.stderr.matches("ValueError: at the top").count(), 6, "{output}");
    same("exits", "ended: exit status 3\n");
    same("ends at once", "ended: exit status 4\n");
    let output = same("needs much memory", "ended: memory limit\n");
    assert_eq!(output.stderr.matches("memory limit of 128 MiB reached").count(), 6, "{output}");
    same("takes long", &argued("takes long", "None"));
    let output = same("prints much", &argued("prints much", "None"));
    assert_eq!(output.stdout.matches("xxx\n").count(), 6 * 400, "{output}");
    same("does not end", "ended: killed\n");
    same("nests", &argued("nests", "RecursionError"));
    same("knows itself", &argued("knows itself", "its own number"));
    same("waits", &argued("waits", "TimeoutError: no message in 0.01 s"));
    same("reads", &argued("reads", "EOFError: EOF when reading a line"));
    same("looks", &argued("looks", "(False, ['main.py', 'looks'], '__mp_main__')"));
    same("changes its arguments", "told: changes its arguments True []\nnormal\n");
    let output = attempt("registers").ends_with(0);
    for line in ["told: None True ['registers']\n", "at its end\n", "normal\n"] {
        assert_eq!(output.stdout.matches(line).count(), 6, "{output}");
    }
    let output = attempt("asks for a capability").ends_with(0);
    assert_eq!(output.stdout.matches("told: 4.0 True").count(), 3, "{output}");
    assert_eq!(output.stdout.matches("told: CapabilityDenied: ").count(), 3, "{output}");
    let output = attempt("keeps a capability").ends_with(0);
    assert_eq!(output.stdout.matches("told: 3.0 True").count(), 3, "{output}");
    assert_eq!(output.stdout.matches("ended: cloison.CapabilityDenied: ").count(), 3, "{output}");
}

fn templates(live: &Live<'_>) -> Vec<Value> {
    live.rows(User::Current).into_iter().filter(|row| row["kind"] == "template").collect()
}

/// Wait until `ps` shows what it should.
fn until<'l>(live: &Live<'l>, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let until = Instant::now() + PATIENCE;
    loop {
        let templates = templates(live);
        if holds(&templates) {
            return templates;
        }
        assert!(Instant::now() < until, "{templates:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ask(live: &mut Live<'_>, line: &str) -> String {
    live.running.stdin().write_all(format!("{line}\n").as_bytes()).expect("it listens");
    live.line()
}

fn end(live: Live<'_>, project: &Project) {
    drop(live.lines);
    live.running.signal(Signal::KILL);
    live.running.finish().ends_with(-9); // which fails if a process is left
    assert!(processes(project.folder()).is_empty());
}

#[test]
fn its_template_is_shown_and_ends_with_its_broker() {
    let project = Project::script(LIVES);
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(ask(&mut live, "tell"), "told");
    let shown = until(&live, |templates| matches!(templates, [_, program] if program["activity"] == "running"));
    assert_eq!((&shown[0]["function"], &shown[1]["function"]), (&Value::Null, &"main.py".into()), "{shown:?}");
    assert!(shown[1]["memory"]["private_bytes"].as_u64() > Some(0), "{shown:?}");
    end(live, &project);

    let mut live = Live::start(&project, User::Current, &["slow"]);
    assert_eq!(ask(&mut live, "start"), "started");
    until(&live, |templates| matches!(templates, [_, program] if program["activity"] == "starting"));
    end(live, &project);
}

#[test]
fn without_its_template_each_process_imports_it() {
    let project = Project::script(LIVES);
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(ask(&mut live, "tell"), "told");
    let shown = until(&live, |templates| matches!(templates, [_, program] if program["activity"] == "running"));
    let pid = shown[1]["pid"].as_i64().expect("a number") as i32;
    kill_process(Pid::from_raw(pid).expect("no zero"), Signal::KILL).expect("it lives");
    until(&live, |templates| templates.len() == 1);
    for _ in 0..40 {
        assert_eq!(ask(&mut live, "tell"), "told");
    }
    assert_eq!(templates(&live).len(), 1, "it is not made again");
    end(live, &project);
}

#[test]
fn a_template_that_does_not_get_ready_is_ended() {
    let project = Project::script(LIVES);
    let mut live = Live::start(&project, User::Current, &["endless"]);
    // Whoever imports says so: the template, and a process that has waited too long for it, which says it later.
    let say = |live: &mut Live<'_>, line: &str, expected: &str| {
        live.running.stdin().write_all(format!("{line}\n").as_bytes()).expect("it listens");
        loop {
            let said = live.line();
            assert!(!said.is_empty(), "it has ended before it said {expected:?}");
            if said == expected {
                return;
            }
        }
    };
    say(&mut live, "start", "importing");
    say(&mut live, "kill", "killed");
    until(&live, |templates| templates.len() == 1);
    say(&mut live, "start", "importing");
    say(&mut live, "kill", "killed");
    assert_eq!(templates(&live).len(), 1, "it is not made again");
    end(live, &project);
}
