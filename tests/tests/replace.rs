//! A zone is replaced in an application that runs: new calls go to the new one, what has begun ends in the old one, and what cannot be is refused.

use crate::live::Live;
use cloison_tests::binaries::readable;
use cloison_tests::compiler::{Kind, compile};
use cloison_tests::{Output, Project, User};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

const SOURCE: &str = include_str!("../c/replace.c");
const ZONE: &str = include_str!("../c/replace.zone.toml");
const PROGRAM: &str = include_str!("../python/replace/told.py");
const GRANTS: &str = "[capabilities.lib]\nzone = \"lib.zone.toml\"\nallow = \"*\"\nversion = \"1\"\n";
const REPLACED: &str = "its zone was replaced by whoever runs the application";

/// An application with the first version of a library, whose zone has these lines under `[sandbox]` as well.
fn project(sandbox: &str) -> Project {
    let project = Project::script(PROGRAM).file("cloison.toml", GRANTS);
    fs::create_dir(project.app("gate")).expect("a folder");
    project.file("lib.zone.toml", &zone(sandbox)).library_with("lib.so", SOURCE, &defined(1, ""))
}

fn zone(sandbox: &str) -> String {
    ZONE.replace("[sandbox]\n", &format!("[sandbox]\n{sandbox}\n"))
}

fn defined(version: u32, more: &str) -> Vec<String> {
    std::iter::once(format!("VERSION={version}")).chain((!more.is_empty()).then(|| more.to_owned())).collect()
}

/// Put another version of the library in the place of the file, as an operator does: what is mapped stays as it is.
fn install(project: &Project, version: u32, more: &str) {
    let made = compile(Kind::Library, SOURCE, &defined(version, more));
    project.write("new.so", &fs::read(made).expect("what was compiled"));
    fs::rename(project.app("new.so"), project.app("lib.so")).expect("it takes its place");
}

/// A program that does what it is told.
struct Told<'p> {
    live: Live<'p>,
    project: &'p Project,
}

impl<'p> Told<'p> {
    fn start(project: &'p Project) -> Self {
        let mut live = Live::start(project, User::Current, &[]);
        assert_eq!(live.line(), "ready");
        Self { live, project }
    }

    fn say(&mut self, line: &str) {
        self.live.running.stdin().write_all(format!("{line}\n").as_bytes()).expect("it listens");
    }

    /// What comes of an expression.
    fn tell(&mut self, line: &str) -> String {
        self.say(line);
        self.live.line()
    }

    fn replace(&self, arguments: &[&str]) -> Output {
        self.live.ask(&[&["replace"], arguments].concat())
    }

    /// The processes of the zone's instances.
    fn zones(&self) -> Vec<Value> {
        let rows = self.live.rows(User::Current);
        rows.iter().filter(|row| row["kind"] == "zone").map(|row| row["pid"].clone()).collect()
    }

    /// How many instances of the zone there are.
    fn instances(&self) -> usize {
        self.zones().len()
    }

    /// Have another process call, and wait until the call goes on.
    fn start_call(&mut self, name: &str) {
        let path = self.project.app("gate").join(name);
        assert_eq!(self.tell(&format!("start({:?})", path.display())), "None");
        let runs = || {
            let rows = self.live.rows(User::Current);
            rows.iter().any(|row| row["name"] == "gate" && row["activity"]["calling"]["function"] == "version_when")
        };
        until(runs, "the call has not begun");
    }

    fn end_call(&self, name: &str) {
        fs::write(self.project.app("gate").join(name), "").expect("a file");
    }

    fn end(mut self) {
        self.say("end");
        self.live.running.finish().ends_with(0);
    }
}

fn until(holds: impl Fn() -> bool, otherwise: &str) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{otherwise}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A new file, by the same manifest. Programs go on, and notice it by what the library does, and by what they had of it.
#[test]
fn new_calls_go_to_a_new_library_file() {
    let kinds = ["instances = \"shared\"", "instances = \"per-client\"", "threads = 3\nthread_safe = true"];
    for sandbox in kinds {
        let project = project(sandbox);
        let mut told = Told::start(&project);
        assert_eq!(
            told.tell("(lib.version(), (c := lib.counter_open(5)) and lib.counter_next(c))"),
            "(1, 5)",
            "{sandbox}"
        );
        install(&project, 2, "");
        assert_eq!(told.tell("lib.version(), lib.counter_next(c)"), "(1, 6)", "{sandbox}");
        assert_eq!(told.tell("(b := lib.batch()) and b.__enter__().counter_next(c) and None"), "None", "{sandbox}");
        told.replace(&["lib"]).ends_with(0).complains(&["lib was replaced: new calls go to the new zone"]);
        assert_eq!(
            told.tell("lib.counter_next(c)"),
            format!("ZoneReplaced: counter_next(): counter is gone: {REPLACED}")
        );
        assert_eq!(told.tell("c.close()"), format!("ZoneReplaced: this counter is gone: {REPLACED}"), "{sandbox}");
        assert_eq!(told.tell("c.closed, issubclass(cloison.ZoneReplaced, cloison.StaleHandle)"), "(True, True)");
        assert_eq!(told.tell("lib.version(), elsewhere()"), "(2, 2)", "{sandbox}");
        assert_eq!(told.tell("lib.counter_next((d := lib.counter_open(1)))"), "1", "{sandbox}");
        // The new zone's first object has the number that the old one's had: nothing that was noted with that reaches it.
        let ended = told.tell("b.__exit__(None, None, None)");
        assert!(ended.starts_with("ZoneReplaced: batch of capability 'lib'"), "{sandbox}: {ended}");
        assert_eq!(told.tell("lib.counter_next(d)"), "2", "{sandbox}");
        // And once more, of a zone that was replaced before.
        install(&project, 1, "");
        told.replace(&[&format!("{}.lib", told.live.pid())]).ends_with(0);
        assert_eq!(told.tell("lib.version(), lib.add.map([1, 2], other=1)"), "(1, [2, 3])", "{sandbox}");
        assert!(told.tell("lib.counter_next(d)").starts_with("ZoneReplaced: "), "{sandbox}");
        told.end();
    }
}

/// A zone in which each call has a process of its own.
#[test]
fn calls_in_processes_of_their_own_go_to_a_new_library_file() {
    let without_handles: Vec<_> = ZONE.split("\n\n").filter(|part| !part.contains("counter")).collect();
    let text = without_handles.join("\n\n").replace("[sandbox]\n", "[sandbox]\ninstances = \"per-call\"\n");
    let project = project("").file("lib.zone.toml", &text);
    let mut told = Told::start(&project);
    assert_eq!(told.tell("lib.version()"), "1");
    told.start_call("go");
    install(&project, 2, "");
    told.replace(&["lib", "--no-wait"]).ends_with(0);
    assert_eq!(told.tell("lib.version(), elsewhere()"), "(2, 2)");
    told.end_call("go");
    assert_eq!(told.tell("cloison.receive(int)"), "1");
    told.end();
}

/// What was called before ends where it was begun, however the zone is shared.
#[test]
fn a_call_in_flight_ends_in_the_old_zone() {
    for sandbox in ["threads = 3\nthread_safe = true", "instances = \"per-client\""] {
        let project = project(sandbox);
        let mut told = Told::start(&project);
        assert_eq!(told.tell("lib.version()"), "1");
        told.start_call("go");
        install(&project, 2, "");
        let said = told.replace(&["lib", "--no-wait"]).ends_with(0);
        assert!(said.stderr.contains("lib was replaced"), "{said}");
        assert_eq!(told.tell("lib.version(), elsewhere()"), "(2, 2)", "{sandbox}");
        let zones = told.live.rows(User::Current);
        let states: Vec<_> = zones.iter().filter(|row| row["kind"] == "zone").map(|row| &row["activity"]).collect();
        assert!(states.iter().any(|state| *state == "ending"), "{states:?}");
        told.end_call("go");
        assert_eq!(told.tell("cloison.receive(int)"), "1", "{sandbox}");
        // The old zone ends with its last call, without anybody calling again.
        until(|| told.instances() == 1, "the old zone stays");
        told.end();
    }
}

/// A callable of the program runs: what it calls inside of the call is for the old zone, with the objects that are there.
#[test]
fn calls_inside_of_a_call_go_where_that_one_is() {
    let project = project("instances = \"per-client\"");
    let mut told = Told::start(&project);
    assert_eq!(told.tell("lib.counter_next((c := lib.counter_open(5)))"), "5");
    told.say("lib.version_after(wait)");
    assert_eq!(told.live.line(), "inside 1");
    install(&project, 2, "");
    told.replace(&["lib", "--no-wait"]).ends_with(0).complains(&["1 call goes on in the old one"]);
    assert_eq!(told.tell("lib.version(), lib.counter_next(c), c.closed, elsewhere()"), "(1, 6, False, 2)");
    told.say("go on");
    assert_eq!(told.live.line(), "1");
    assert_eq!(told.tell("lib.version()"), "2");
    assert_eq!(told.tell("lib.counter_next(c)"), format!("ZoneReplaced: counter_next(): counter is gone: {REPLACED}"));
    told.end();
}

/// Another manifest, in which functions stand elsewhere and one takes other numbers. Programs call by it without being started anew; what
/// they are granted is what it was.
#[test]
fn another_manifest_is_what_programs_call_by() {
    let project = project("instances = \"per-client\"");
    let mut told = Told::start(&project);
    assert_eq!(told.tell("lib.add(1, 2)"), "3");
    let narrowed = "(less := lib.narrow(functions=['add'], where={'add': 'other <= 5'}, calls=10)).add(1, 5)";
    assert_eq!(told.tell(narrowed), "6");
    assert!(told.tell("lib.add(2**40, 1)").starts_with("OverflowError: "));
    assert_eq!(told.tell("(LibError := lib.LibError) and (c := lib.counter_open(3)) and None"), "None");
    assert_eq!(told.tell("(b := lib.batch()) and b.__enter__().add(1, 2) and None"), "None");
    let text = zone("instances = \"per-client\"")
        .replace("version = \"1.0.0\"", "version = \"1.1.0\"")
        .replace("int add(int one, int other)", "long add(long one, long other)")
        .replace("[functions.version]", "[functions.extra]\nc = \"int extra(void)\"\n\n[functions.version]");
    project.write("next.zone.toml", text.as_bytes());
    install(&project, 3, "");
    let refused = told.replace(&["lib", "--manifest", &project.app("next.zone.toml").display().to_string()]);
    let refused = refused.ends_with(1).complains(&["more would be granted", "--yes"]);
    assert!(
        refused
            .stdout
            .contains("call add of lib.so, as `long add(long one, long other)` (was `int add(int one, int other)`)"),
        "{refused}"
    );
    assert_eq!(told.tell("lib.version(), lib.counter_next(c)"), "(1, 3)");
    let manifest = project.app("next.zone.toml").display().to_string();
    told.replace(&["lib", "--manifest", &manifest, "--yes"]).ends_with(0);
    assert_eq!(told.tell("lib.counter_next(c)"), format!("ZoneReplaced: counter_next(): counter is gone: {REPLACED}"));
    assert_eq!(told.tell("lib.add(2**40, 1), lib.version()"), format!("({}, 3)", (1_u64 << 40) + 1));
    assert_eq!(told.tell("lib.counter_next(c)"), format!("ZoneReplaced: counter_next(): counter is gone: {REPLACED}"));
    assert_eq!(told.tell("lib.LibError is LibError, type(lib.counter_open(1)) is type(c)"), "(True, True)");
    assert_eq!(told.tell("less.add(2**40, 5)"), ((1_u64 << 40) + 5).to_string());
    assert!(told.tell("less.add(1, 6)").starts_with("CapabilityDenied: "));
    assert!(told.tell("less.version()").starts_with("CapabilityDenied: "));
    assert!(told.tell("lib.extra()").starts_with("CapabilityDenied: "));
    assert!(told.tell("b.__exit__(None, None, None)").starts_with("ZoneReplaced: "));
    assert_eq!(told.tell("less.describe().functions, less.describe().where"), "(('add',), {'add': ('other <= 5',)})");
    let caps = told.live.ask(&["caps", "--json"]).ends_with(0).json();
    assert_eq!(caps[0]["capabilities"][1]["functions"], serde_json::json!(["add"]));
    told.end();
}

/// What does not go with what is granted, or does not start, changes nothing.
#[test]
fn what_is_refused_or_does_not_start_changes_nothing() {
    let grants = GRANTS.to_owned()
        + "[capabilities.files]\nzone = \"files\"\nroots = [{ at = \"/out\", path = \"out\", allow = [\"read\", \"write\"] }]\n\
           [audit]\nfile = \"audit.jsonl\"\n";
    let project = project("").file("cloison.toml", &grants).file("out/lib.zone.toml", &zone(""));
    let mut told = Told::start(&project);
    assert_eq!(
        told.tell("(c := lib.counter_open(0)) and (less := lib.narrow(where={'add': 'other <= 5'})) and lib.version()"),
        "1"
    );
    let refused = |text: &str, said: &[&str]| {
        project.write("other.zone.toml", text.as_bytes());
        let manifest = project.app("other.zone.toml").display().to_string();
        told.replace(&["lib", "--yes", "--manifest", &manifest]).ends_with(1).complains(said);
    };
    let text = zone("");
    refused("[zone]\n", &["the manifest has mistakes", "other.zone.toml:1:1"]);
    refused(&text.replace("name = \"lib\"", "name = \"other\""), &["is of a zone \"other\""]);
    refused(&text.replace("\"1.0.0\"", "\"2.0.0\""), &["version 2.0.0", "\"1\" is asked for", "[capabilities.lib]"]);
    refused(
        &text.replace("int other", "int another"),
        &["the grant #3 of the capability \"lib\"", "`other <= 5` of add"],
    );
    let without = text.split("\n\n").filter(|part| !part.contains("int add")).collect::<Vec<_>>().join("\n\n");
    refused(&without, &["allows add, which it does not offer", "cloison.toml:3"]);
    refused(&text.replace("lib.so", "none.so"), &["none.so"]);
    let writes = text.replace("read = \"$here/gate\"", "write = \"$here\"");
    refused(&writes, &["its library may write", "and neither its logs nor its audit trail"]);
    let out = project.app("out/lib.zone.toml").display().to_string();
    told.replace(&["lib", "--manifest", &out]).ends_with(1).complains(&["a program could change", "out/lib.zone.toml"]);
    told.replace(&["files"]).ends_with(1).complains(&["a service of Cloison's own"]);
    told.replace(&["nothing"]).ends_with(1).complains(&["no zone \"nothing\"", "files, lib"]);
    project.write("other.zone.toml", text.replace("[sandbox]\n", "[sandbox]\nmemory = \"3 GiB\"\n").as_bytes());
    let manifest = project.app("other.zone.toml").display().to_string();
    told.replace(&["lib", "--manifest", &manifest]).ends_with(1).complains(&["more would be granted"]);
    // One that ends before it is ready, and one that is no library.
    install(&project, 2, "BROKEN=1");
    told.replace(&["lib"]).ends_with(1).complains(&["lib was not replaced, and goes on as it was", "SIGABRT"]);
    assert_eq!(told.tell("lib.version(), lib.counter_next(c), elsewhere()"), "(1, 0, 1)");
    project.write("new.so", b"no library");
    fs::rename(project.app("new.so"), project.app("lib.so")).expect("it takes its place");
    told.replace(&["lib"]).ends_with(1);
    assert_eq!(told.tell("lib.version(), lib.counter_next(c), less.add(1, 5)"), "(1, 1, 6)");
    // What has failed does not stand in the way.
    install(&project, 2, "");
    told.replace(&["lib"]).ends_with(0);
    assert_eq!(told.tell("lib.version(), less.add(1, 5)"), "(2, 6)");
    told.end();
    let trail = fs::read_to_string(project.app("audit.jsonl")).expect("a trail");
    let lines: Vec<_> = trail.lines().filter(|line| line.contains("\"event\":\"replace\"")).collect();
    assert!(
        matches!(lines[..], [line] if line.contains("\"zone\":\"lib\"") && line.contains("loaded anew")),
        "{lines:?}"
    );
}

/// The same words may grant more: a constant in a bound has another value, or what one function needed is there for another one as well.
#[test]
fn what_grants_more_in_the_same_words_is_said() {
    let needing = |functions: &str, most: u32| {
        zone("instances = \"per-client\"")
            .replace("\"$here/gate\" }", &format!("\"$here/gate\", for = [{functions}] }}"))
            .replace("[exceptions.LibError]", &format!("[constants]\nMOST = {most}\n\n[exceptions.LibError]"))
    };
    let project = project("").file("lib.zone.toml", &needing("\"version_when\"", 5));
    let mut told = Told::start(&project);
    let narrowed = "(less := lib.narrow(functions=['add'], where={'add': 'other <= MOST'})).add(1, 5)";
    assert_eq!(told.tell(narrowed), "6");
    let replaced = |text: &str| {
        project.write("lib.zone.toml", text.as_bytes());
        told.replace(&["lib"])
    };
    let refused = replaced(&needing("\"version_when\"", 9)).ends_with(1).complains(&["more would be granted"]);
    assert!(refused.stdout.contains("the bound `other <= MOST` of add asks for something else"), "{refused}");
    let refused = replaced(&needing("\"version_when\", \"add\"", 5)).ends_with(1).complains(&["more would be granted"]);
    assert!(refused.stdout.contains("for who may call add alone"), "{refused}");
    replaced(&needing("\"version_when\"", 5)).ends_with(0);
    assert_eq!(told.tell("less.add(1, 5)"), "6");
    told.end();
}

/// A library whose binding comes with Cloison: its manifest is read anew, and it is loaded anew.
#[test]
fn a_bundled_zone_is_replaced() {
    let project = Project::script(PROGRAM).file("cloison.toml", "[capabilities.lib]\nzone = \"zlib\"\nallow = \"*\"\n");
    let mut told = Told::start(&project);
    let packed = "(less := lib.narrow(functions=['crc32'], calls=2)) and (packed := lib.compress2(b'a' * 1000, level=6)) and less.crc32(0, b'hello')";
    assert_eq!(told.tell(packed), "907060870");
    let before = told.zones();
    told.replace(&["lib"]).ends_with(0).complains(&["lib was replaced: new calls go to the new zone"]);
    assert_eq!(told.tell("lib.uncompress(packed) == b'a' * 1000, less.crc32(0, b'hello')"), "(True, 907060870)");
    // What was used up before is used up.
    assert!(told.tell("less.crc32(0, b'')").starts_with("QuotaExceeded: "));
    until(|| told.instances() == 1, "the old zone stays");
    let after = told.zones();
    assert!(matches!((&before[..], &after[..]), ([old], [new]) if old != new), "{before:?} {after:?}");
    // By the zone's name as well.
    told.replace(&["zlib"]).ends_with(0);
    assert_eq!(told.tell("lib.crc32(0, b'hello')"), "907060870");
    told.end();
}

/// Module `sqlite3`: what was open is gone, as after a crash, and what was not committed with it. What is connected to from then on is in the new zone.
#[test]
fn connections_of_sqlite_are_gone_and_new_ones_work() {
    let manifest = "[capabilities.lib]\nzone = \"zlib\"\nallow = [\"version\"]\n\n[capabilities.sqlite3]\nzone = \"sqlite3\"\n\
        roots = [{ at = \"/data\", path = \"../data\", allow = [\"read\", \"list\", \"write\", \"create\", \"delete\"] }]\n";
    let project = Project::script(PROGRAM).file("cloison.toml", manifest);
    fs::create_dir(project.path("data")).expect("a folder");
    readable(&project.path("data"), 0o777);
    let mut told = Told::start(&project);
    let lost =
        |what: &str| format!("OperationalError: the process that runs SQLite has ended: {what} is gone: {REPLACED}");
    for line in [
        "(sqlite3 := __import__('sqlite3')) and None",
        "(con := sqlite3.connect('/data/a.db')) and (memory := sqlite3.connect(':memory:')) and None",
        "con.execute('create table t(a)') and con.execute('insert into t values (1)') and con.commit()",
        "con.execute('insert into t values (2)') and None",
        "memory.execute('create table t(a)') and None",
        "(cursor := con.execute('with recursive n(i) as (select 1 union all select i + 1 from n) select i from n')) and None",
    ] {
        assert_eq!(told.tell(line), "None", "{line}");
    }
    assert_eq!(told.tell("cursor.fetchone()"), "(1,)");
    project.write("sqlite3.zone.toml", include_bytes!("../../capabilities/manifest/bindings/sqlite3.zone.toml"));
    let zone = project.app("sqlite3.zone.toml").display().to_string();
    told.replace(&["sqlite3", "--manifest", &zone]).ends_with(1).complains(&["is configured by cloison.toml"]);
    assert_eq!(told.tell("con.execute('select count(*) from t').fetchall()"), "[(2,)]", "nothing has changed");
    told.replace(&["sqlite3"]).ends_with(0).complains(&["sqlite3 was replaced: new calls go to the new zone"]);
    for (line, what) in [
        ("con.execute('select 1')", "prepare(): db"),
        ("con.commit()", "run(): db"),
        ("con.rollback()", "run(): db"),
        ("memory.execute('select 1')", "prepare(): db"),
        ("cursor.fetchmany(1000)", "fetch(): statement"),
        ("con.in_transaction", "get_autocommit(): db"),
    ] {
        assert_eq!(told.tell(line), lost(what), "{line}");
    }
    assert_eq!(told.tell("con.close(), memory.close()"), "(None, None)");
    assert_eq!(told.tell("con.execute('select 1')"), "ProgrammingError: Cannot operate on a closed database.");
    assert_eq!(
        told.tell("(new := sqlite3.connect('/data/a.db')) and new.execute('select a from t').fetchall()"),
        "[(1,)]"
    );
    assert_eq!(told.tell("new.execute('insert into t values (3)') and new.commit()"), "None");
    assert_eq!(told.tell("new.execute('select a from t').fetchall()"), "[(1,), (3,)]");
    told.end();
}
