//! `zone = "log"`: what programs log comes to the application's log, says who has written it, and nothing else.

use cloison_tests::{Project, users};
use std::os::unix::fs::PermissionsExt;

const RECORDS: &str = include_str!("../python/log/records.py");
const LIMITED: &str = include_str!("../python/log/limited.py");

/// The records of a file, as JSON.
fn records(project: &Project, file: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(project.path(file)).expect("a log");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// A project with a folder `log`, for whoever runs it.
fn project(program: &str, rest: &str) -> Project {
    let project =
        Project::script(program).file("cloison.toml", &format!("[capabilities.log]\nzone = \"log\"\n{rest}\n"));
    std::fs::create_dir(project.path("log")).expect("a folder");
    std::fs::set_permissions(project.path("log"), std::fs::Permissions::from_mode(0o777)).expect("ours");
    project
}

#[test]
fn what_is_logged_stands_in_the_file() {
    for &user in users() {
        let project = project(RECORDS, "file = \"../log/app.log\"\nlevel = \"info\"");
        project.main(&[]).user(user).output().prints("1 0\n22\n22\n");
        let records = records(&project, "log/app.log");
        let of = |key: &str| records.iter().map(|one| one[key].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>();
        let messages = of("message");
        assert_eq!(messages[0], "sold 3");
        assert_eq!(messages[1], "failed\n\u{1b}[2J\u{202e}");
        assert_eq!(messages[2], "WARNING: formatted \\ud800");
        assert!(messages[3].starts_with("INFO: yyy") && messages[3].ends_with("… (cut off)"));
        assert_eq!(messages[4..], ["from a child", "level"]);
        assert_eq!(of("level"), ["info", "error", "warning", "info", "error", "info"]);
        assert_eq!(of("logger")[..3], ["shop", "root", "root"]);
        assert_eq!(
            records[0]["fields"],
            serde_json::json!({"pieces": 3, "what": ["é", null, 1.5, "a thing"], "nan": "nan"})
        );
        let exception = of("exception")[1].clone();
        assert!(
            exception.starts_with("Traceback") && exception.ends_with("ZeroDivisionError: division by zero"),
            "{exception}"
        );
        assert_eq!(records[3]["fields"], serde_json::json!({"too long": "long"}));
        // Who has written it the broker says.
        let process: Vec<_> = records.iter().map(|one| one["process"].as_u64().expect("a number")).collect();
        assert!(process[4] != process[0] && process.iter().enumerate().all(|(at, one)| at == 4 || *one == process[0]));
        assert!(of("name")[4].ends_with("child_main") && !of("name")[0].is_empty(), "{:?}", of("name"));
        let text = std::fs::read_to_string(project.path("log/app.log")).expect("a log");
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
        let mode = std::fs::metadata(project.path("log/app.log")).expect("a log").permissions().mode();
        assert_eq!(mode & 0o137, 0, "others cannot read it, nobody can run it");
    }
}

#[test]
fn without_a_file_it_is_standard_error() {
    let project = project(include_str!("../python/log/without_a_file_it_is_standard_error.py"), "");
    let output = project.main(&[]).output().ends_with(0);
    let line: serde_json::Value = serde_json::from_str(output.stderr.trim()).expect("a record");
    assert_eq!((line["message"].as_str(), line["level"].as_str()), (Some("x"), Some("error")));
}

/// A rate is kept to, what was lost is counted, and nobody reads what others have written.
#[test]
fn too_many_records_are_counted_and_none_is_read() {
    let project = project(LIMITED, "file = \"app.log\"\nrate = \"3/h\"");
    let file = project.app("cloison.toml").with_file_name("app.log");
    let output = project.cloison(&["run", "--root", ".", "--manifest", "cloison.toml", "main.py"]).output();
    output.prints("7\nnot read\nnot read\nnot read\n");
    assert_eq!(std::fs::read_to_string(file).expect("a log").lines().count(), 3);
}

/// What was not written is counted by whoever knows of it, and told by the next record, however long its own fields are.
#[test]
fn records_that_are_dropped_are_counted() {
    let project = project(include_str!("../python/log/dropped.py"), "file = \"../log/app.log\"");
    project.main(&[]).output().prints("2\n0\n22\n");
    let records = records(&project, "log/app.log");
    let messages: Vec<_> = records.iter().filter_map(|one| one["message"].as_str()).collect();
    assert_eq!(messages, ["long", "plain", "last"]);
    assert_eq!(records[0]["fields"], serde_json::json!({"too long": "long, dropped", "dropped": 2}));
    assert_eq!((records[1].get("fields"), records[1].get("dropped")), (None, None));
    assert_eq!((&records[2]["fields"], &records[2]["dropped"]), (&serde_json::json!({"a": 1}), &serde_json::json!(1)));
}

#[test]
fn a_full_file_is_set_aside() {
    let program = include_str!("../python/log/a_full_file_is_set_aside.py");
    let project = project(program, "file = \"../log/app.log\"\nsize = \"64 KiB\"\nkeep = 3");
    project.main(&[]).output().ends_with(0);
    let mut names: Vec<_> =
        std::fs::read_dir(project.path("log")).expect("a folder").map(|one| one.expect("one").file_name()).collect();
    names.sort();
    assert_eq!(names, ["app.log", "app.log.1", "app.log.2", "app.log.3"]);
    for name in ["app.log.1", "app.log.2", "app.log.3"] {
        let size = std::fs::metadata(project.path(&format!("log/{name}"))).expect("a file").len();
        assert!((64 << 10..(64 << 10) + (1 << 20) + 400).contains(&size), "{name}: {size}");
        assert!(!records(&project, &format!("log/{name}")).is_empty());
    }
}

#[test]
fn a_log_that_a_program_could_change_is_none() {
    let program = "print('not run')\n";
    let roots =
        "[capabilities.files]\nzone = \"files\"\nroots = [{ at = \"/log\", path = \"../log\", allow = [\"append\"] }]";
    let project = project(program, &format!("file = \"../log/app.log\"\n{roots}"));
    let output = project.main(&[]).output().ends_with(2);
    assert!(output.stderr.contains("a program could change its log there, by the root `/log`"), "{output}");
    let program = include_str!("../python/log/a_log_that_a_program_could_change_is_none.py");
    let without = Project::script(program);
    let output = without.main(&[]).output();
    assert!(output.stdout.contains("[capabilities.log]"), "{output}");
}
