//! Capabilities with a life: narrowed, passed on, revoked, lent, and looked at from outside.

use crate::live::Live;
use cloison_tests::binaries::readable;
use cloison_tests::{Project, User, users};
use serde_json::Value;
use std::io::Write;

const ZLIB: &str = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"adler32\", \"crc32\"]\n";

/// A zone whose calls take as long as they are told.
const LIBC: &str = "[zone]\nname = \"libc\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libc.so.6\" }\n\
                    [sandbox]\ninstances = \"per-client\"\ndeadline = \"600 s\"\n\
                    [functions.usleep]\nc = \"int usleep(unsigned int useconds)\"\n";

fn of_libc(script: &str) -> Project {
    let manifest = "[capabilities.libc]\nzone = \"libc.zone.toml\"\nallow = [\"usleep\"]\n";
    Project::script(script).file("libc.zone.toml", LIBC).file("cloison.toml", manifest)
}

#[test]
fn what_was_narrowed_allows_less() {
    let project = Project::script(include_str!("../python/capabilities/narrow.py")).file("cloison.toml", ZLIB);
    let output = project.main(&[]).output().ends_with(0);
    for said in [
        "did you mean `crc32`?",
        "functions is a list: ['crc32']",
        "calls: a number from 0",
        "`fast` is no rate",
        "narrowed\n",
    ] {
        assert!(output.stdout.contains(said), "{said}: {output}");
    }
}

#[test]
fn who_is_given_a_capability_holds_it_and_nobody_else() {
    let project = Project::script(include_str!("../python/capabilities/passed.py")).file("cloison.toml", ZLIB);
    let output = project.main(&[]).output().ends_with(0);
    for said in [
        "CapabilityDenied: the capability \"zlib\" cannot be given on: process 1 (main.py:76) has narrowed it",
        "is a capability, which is given to one process",
        "passed\n",
    ] {
        assert!(output.stdout.contains(said), "{said}: {output}");
    }
}

#[test]
fn what_is_revoked_ends_in_the_middle_of_a_call() {
    let project = of_libc(include_str!("../python/capabilities/revoked.py"));
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "begun");
    // A call is counted when the zone has taken it.
    live.until("both calls run", |live| {
        let reports = live.ask(&["caps", "--json"]).ends_with(0).json();
        let rows = reports[0]["capabilities"].as_array().expect("a list");
        rows.iter().filter(|row| row["calls"] == 1).count() == 2
    });
    assert_eq!(live.ended(), "revoked");
    live.running.finish().ends_with(0);
}

#[test]
fn a_manifest_says_what_is_counted_and_what_is_kept() {
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\ncalls = 3\ndelegate = false\n";
    let project = Project::script(include_str!("../python/capabilities/manifest.py")).file("cloison.toml", manifest);
    let output = project.main(&[]).output().ends_with(0);
    assert!(output.stdout.contains("`delegate = false` at") && output.stdout.ends_with("3 calls\n"), "{output}");
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\nexpires = \"1 ms\"\n";
    let script = include_str!("../python/capabilities/expires.py");
    let output = Project::script(script).file("cloison.toml", manifest).main(&[]).output();
    assert!(output.stderr.contains("has expired") || output.stdout.contains("has expired"), "{output}");
}

/// A process that is started with a profile has what its spawner holds, narrowed, and no more than the profile's limits.
#[test]
fn a_profile_gives_less_than_its_spawner_holds() {
    let profiles = "[microprocess.worker]\nmemory = \"64 MiB\"\nchildren = 0\n\
                    [microprocess.worker.capabilities.zlib]\nallow = [\"crc32\"]\nwhere = { crc32 = \"len <= 5\" }\ncalls = 2\n\
                    delegate = false\n[microprocess.plain]\ncapabilities = [\"zlib\"]\n[microprocess.small]\nmemory = \"64 MiB\"\n";
    let project = Project::script(include_str!("../python/capabilities/profiles.py"))
        .file("cloison.toml", &format!("{ZLIB}{profiles}"));
    let output = project.main(&[]).output().ends_with(0);
    for said in [
        "CapabilityDenied: the capability \"zlib\" cannot be given on: the profile \"worker\" (",
        "cloison.toml:11) has narrowed it with `delegate = false`",
        " may not spawn",
        "`children` of its spawn in process 1, [microprocess.worker] children, and [limits] children in ",
        "MemoryError\n",
        "SpawnError: there is no profile \"wroker\"\nhint: did you mean \"worker\"?",
        "TypeError: a profile is named by a str, not 5",
        "SpawnError: two of the capabilities are called \"zlib\"",
        "SpawnError: the profile \"plain\" gives the capability \"zlib\" (",
        "cloison.toml:13): process ",
        " was not given the capability \"zlib\"\nhint: spawn(starts, …, capabilities=[\"zlib\"])",
        "cannot be given on: process 1 (main.py:114) has narrowed it with `delegate=False`",
        "the profile \"worker\" gives the capability \"zlib\"",
        "profiles\n",
    ] {
        assert!(output.stdout.contains(said), "{said}: {output}");
    }
}

/// Who holds what, from whom, how often it was used and refused; and what an operator may do about it.
#[test]
fn an_operator_sees_who_holds_what_and_takes_it_back() {
    let project = Project::script(include_str!("../python/capabilities/held.py")).file("cloison.toml", ZLIB);
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    let reports = live.ask(&["caps", "--json"]).ends_with(0).json();
    let rows = reports[0]["capabilities"].as_array().expect("a list").clone();
    let [root, narrowed] = rows.as_slice() else { panic!("two capabilities: {rows:#?}") };
    assert_eq!((&root["name"], &root["parent"], &root["minter"]), (&"zlib".into(), &Value::Null, &Value::Null));
    assert_eq!((&narrowed["parent"], &narrowed["minter"]), (&root["number"], &1.into()));
    assert_eq!(narrowed["functions"], serde_json::json!(["crc32"]));
    assert_eq!(narrowed["terms"], serde_json::json!(["crc32 only if len <= 5", "10 calls altogether"]));
    // Refused by a bound, in the zone, and for not being in the grant, in the process.
    assert_eq!((&narrowed["calls"], &narrowed["refused"]), (&3.into(), &2.into()));
    let holders = |row: &Value| {
        let holders = row["holders"].as_array().expect("a list").clone();
        holders.iter().map(|one| (one["process"].as_u64(), one["giver"].as_u64())).collect::<Vec<_>>()
    };
    assert_eq!(holders(root), [(Some(1), None)]);
    assert_eq!(holders(narrowed), [(Some(1), None), (Some(2), Some(1))]);
    let shown = live.ask(&["caps"]).ends_with(0).stdout;
    let lines: Vec<_> = shown.lines().collect();
    assert!(
        lines[3].starts_with("  ") && lines[3].contains("process 1") && lines[3].contains("1, 2 (from 1)"),
        "{shown}"
    );
    // Why, and why not.
    let why = |process: &str, function: &str| live.ask(&["why", process, function]);
    let allowed = why("2", "crc32").ends_with(0);
    for said in [
        "allowed: crc32",
        "cloison.toml:3 names `crc32`",
        "only if len <= 5 (#2, as process 1 (main.py:34) has",
        "7 of 10 calls are left (#2, ",
    ] {
        assert!(allowed.stdout.contains(said), "{said}: {allowed}");
    }
    for (process, function, said) in [
        ("2", "adler32", "process 1 (main.py:34) has narrowed it to functions without `adler32`"),
        ("2", "compress2", "`allow` at"),
        ("1", "zlib.crc23", "offers no function `crc23`"),
        ("1", "files.read", "no capability \"files\" was granted"),
        ("1", "sqrt", "offers a function `sqrt`"),
    ] {
        let denied = why(process, function).ends_with(1);
        assert!(denied.stdout.starts_with("denied: ") && denied.stdout.contains(said), "{said}: {denied}");
    }
    // The operator narrows, and takes back.
    let number = narrowed["number"].to_string();
    live.ask(&["narrow", &number]).ends_with(1);
    live.ask(&["narrow", &number, "--where", "crc32=nothing <= 1"]).ends_with(1).complains(&["nothing"]);
    live.ask(&["narrow", &number, "--calls", "5", "--where", "crc32=len <= 4"])
        .ends_with(0)
        .complains(&["is narrowed"]);
    assert_eq!(live.ended(), "CapabilityDenied 1 QuotaExceeded");
    live.ask(&["revoke", &number]).ends_with(0).complains(&["is revoked, with all that was narrowed from it"]);
    assert_eq!(live.ended(), "Revoked");
    live.ask(&["revoke", "zlib"]).ends_with(0);
    assert_eq!(live.ended(), "Revoked");
    live.ask(&["revoke", "99"]).ends_with(1).complains(&["there is no capability 99"]);
    let ended = live.ask(&["caps", "--json"]).ends_with(0).json()[0]["capabilities"].clone();
    assert!(ended.as_array().expect("a list").iter().all(|row| row["ended"] == "revoked"), "{ended:#}");
    live.running.stdin().write_all(b"\n").expect("it listens");
    live.running.finish().ends_with(0);
}

/// Errors, `cloison why` and the audit trail say of a limit who has set it, also where several have.
#[test]
fn whoever_has_set_a_limit_is_named() {
    let manifest = format!(
        "[audit]\nfile = \"audit.jsonl\"\n{ZLIB}[microprocess.small.capabilities.zlib]\nallow = [\"adler32\"]\n"
    );
    let project = Project::script(include_str!("../python/capabilities/limited.py")).file("cloison.toml", &manifest);
    let mut live = Live::start(&project, User::Current, &[]);
    let said = |live: &mut Live<'_>| {
        let lines = std::iter::from_fn(|| Some(live.line()).filter(|line| line != "ready"));
        lines.collect::<Vec<_>>()
    };
    let of_profile = said(&mut live);
    assert!(of_profile[0].contains("the profile \"small\" (") && of_profile[2] == "made", "{of_profile:#?}");
    let again = |live: &mut Live<'_>| {
        live.running.stdin().write_all(b"\n").expect("it listens");
        said(live)
    };
    let first = again(&mut live);
    let [made, bounded, adler, other] = [0, 1, 2, 3].map(|index| first[index].as_str());
    assert_eq!(made, "worker: made", "{first:#?}");
    assert!(bounded.contains("as process 1 (main.py:33) has narrowed it (#"), "{bounded}");
    assert!(adler.contains("process 1 (main.py:33) has narrowed this capability to other functions (#"), "{adler}");
    assert!(other.contains("add \"compress2\" to `allow` at"), "the manifest comes first: {other}");
    assert!(first[7].contains("add \"compress2\" to `allow` at") && first[4] == "main: made", "{first:#?}");
    // From outside, what the program has, and with it what it has made of that.
    live.ask(&["narrow", "zlib", "--function", "crc32", "--where", "crc32=len <= 6", "--expires", "1h"]).ends_with(0);
    let then = again(&mut live);
    let operator = "whoever runs the application has narrowed";
    assert!(then[0].contains("made") && then[1].contains(&format!("as {operator} it (#1)")), "{then:#?}");
    for of_adler in [&then[2], &then[6]] {
        assert!(of_adler.contains(&format!("{operator} this capability to other functions (#1)")), "{then:#?}");
    }
    assert!(then[7].contains("add \"compress2\" to `allow` at"), "the manifest does not allow it either: {then:#?}");
    let why = live.ask(&["why", "1", "zlib.adler32"]).ends_with(1);
    assert!(why.stdout.contains(&format!("{operator} it to functions without `adler32` (#1)")), "{why}");
    let why = live.ask(&["why", "1", "zlib.crc32"]).ends_with(0);
    assert!(why.stdout.contains(&format!("only if len <= 6 (#1, as {operator} it)")), "{why}");
    let why = live.ask(&["why", "1", "zlib.nothing"]).ends_with(1);
    assert!(why.stdout.contains("the capability \"zlib\" offers no function `nothing`"), "{why}");
    // All three calls of the worker's are made by now.
    let used_up = again(&mut live);
    assert!(used_up[1].contains("(as process 1 (main.py:33) has narrowed it, #"), "{used_up:#?}");
    live.running.finish().ends_with(0);
    let trail = std::fs::read_to_string(project.app("audit.jsonl")).expect("a trail");
    let lines: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let from_outside = lines.iter().find(|line| line["reason"] == "whoever runs the application").expect("a line");
    assert_eq!((&from_outside["event"], &from_outside["grant"]), (&"narrow".into(), &1.into()));
    assert_eq!(from_outside["terms"], "crc32 only if len <= 6; of the functions only crc32; for 1 h");
}

/// What becomes of authority is written down in lines that hang together, whatever processes are called.
#[test]
fn the_audit_trail_says_what_has_become_of_authority() {
    let manifest = format!("[audit]\nfile = \"audit.jsonl\"\ncalls = true\n{ZLIB}");
    let project = Project::script(include_str!("../python/capabilities/audited.py")).file("cloison.toml", &manifest);
    project.main(&[]).output().ends_with(0).prints("audited\n");
    let trail = project.app("audit.jsonl");
    let trail = trail.to_str().expect("UTF-8");
    project.cloison(&["audit", "verify", trail]).output().ends_with(0);
    let text = std::fs::read_to_string(trail).expect("a trail");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).cloned().collect::<Vec<_>>();
    assert_eq!((of("mint").len(), of("narrow").len(), of("delegate").len(), of("call").len()), (1, 1, 1, 3), "{text}");
    assert_eq!(of("call")[0]["function"], "crc32");
    assert_eq!(of("narrow")[0]["terms"], "5 calls altogether; of the functions only crc32");
    let used: u64 = of("use").iter().filter_map(|line| line["calls"].as_u64()).sum();
    assert_eq!(used, 3, "{text}");
    assert_eq!(of("revoke")[0]["reason"], "process 1");
    let denied = of("deny");
    assert!(
        denied.iter().any(|line| line["reason"].as_str().is_some_and(|why| why.contains("was not given"))),
        "{text}"
    );
    assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}') && text.contains("\\u202e"), "{text}");
    // A changed letter is found.
    std::fs::write(trail, text.replacen("crc32", "crc33", 1)).expect("ours");
    project.cloison(&["audit", "verify", trail]).output().ends_with(1);
}

/// Whoever refuses a call, there is a line of it, and that says which limit it was and who has set it, also where calls have no lines.
#[test]
fn every_denial_is_a_line_of_the_trail() {
    let manifest = "[audit]\nfile = \"audit.jsonl\"\n[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"adler32\", \"crc32\"]\n\
                    where = { crc32 = \"len <= 5\" }\n[capabilities.slow]\nzone = \"zlib\"\nallow = [\"crc32\"]\n\
                    rate = \"1/h\"\n";
    let project = Project::script(include_str!("../python/capabilities/refusals.py")).file("cloison.toml", manifest);
    let output = project.main(&[]).output().ends_with(0);
    let text = std::fs::read_to_string(project.app("audit.jsonl")).expect("a trail");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let denied: Vec<_> = lines.iter().filter(|line| line["event"] == "deny").collect();
    assert!(denied.iter().all(|line| line["process"]["function"] == "__main__:worker"), "{text}");
    let expected: [(&str, &str, &[&str]); 6] = [
        (
            "zlib",
            "crc32",
            &["its arguments are outside of `len <= 5` (#", "cloison.toml:6): the library was not called"],
        ),
        (
            "zlib",
            "crc32",
            &["`len <= 4 || buf starts_with \"\u{202e}\"` (#", ", as process 1 (", "main.py:42) has narrowed it)"],
        ),
        ("zlib", "adler32", &["it is not granted (#", ", as process 1 (", "main.py:42) has narrowed it)"]),
        ("slow", "crc32", &["more than 1 calls in 3600000 ms (#", "cloison.toml:10)"]),
        ("Clock", "tick", &["all 1 calls of this grant have been made (#", "main.py:40) has narrowed it)"]),
        ("zlib", "crc32", &["all 2 calls of this grant have been made (#", "main.py:42) has narrowed it)"]),
    ];
    let find = |(capability, function, parts): &(&str, &str, &[&str])| {
        denied.iter().any(|line| {
            let reason = line["reason"].as_str().unwrap_or_default();
            line["capability"] == *capability
                && line["function"] == *function
                && parts.iter().all(|part| reason.contains(part))
        })
    };
    expected.iter().for_each(|one| assert!(find(one), "{one:?} in {text}"));
    let counted: u64 = lines.iter().filter_map(|line| line["denials"].as_u64()).sum();
    assert_eq!((denied.len(), counted), (expected.len(), expected.len() as u64), "{text}");
    assert!(!text.contains('\u{202e}') && text.contains("\\u202e"), "{text}");
    // The exceptions have said the same lines.
    let said: Vec<_> = output.stdout.lines().collect();
    for (line, at) in
        said.iter().zip(["cloison.toml:6", "main.py:42", "main.py:42", "cloison.toml:10", "main.py:40", "main.py:42"])
    {
        assert!(line.contains(at), "{at}: {output}");
    }
    assert_eq!(said.len(), expected.len(), "{output}");
}

/// A process that narrows as often as it can neither pushes others out of the trail nor hides behind that what it gives away.
#[test]
fn what_a_flood_leaves_out_of_the_trail_is_counted_there() {
    let manifest = format!("[audit]\nfile = \"audit.jsonl\"\n{ZLIB}");
    let source = include_str!("../python/capabilities/floods_the_trail.py");
    let project = Project::script(source).file("cloison.toml", &manifest);
    project.main(&[]).output().ends_with(0).prints("given\n");
    let trail = std::fs::read_to_string(project.app("audit.jsonl")).expect("a trail");
    let lines: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of_child = |event: &str| {
        let its = |line: &&Value| line["event"] == event && line["process"]["number"] == 2;
        lines.iter().filter(its).cloned().collect::<Vec<_>>()
    };
    let told = (of_child("narrow").len() + of_child("release").len()) as u64;
    assert_eq!(of_child("delegate").len(), 1, "what it gives away has a line");
    let dropped = |event: &str| of_child(event).iter().filter_map(|line| line["dropped"].as_u64()).sum::<u64>();
    let unsaid: u64 = ["narrow", "release", "delegate", "end"].map(dropped).iter().sum();
    assert!(told + unsaid >= 3000, "{told} told, {unsaid} not");
}

/// Ten thousand grants take at most 10 MB of the broker's memory, and are one word away from their end.
#[test]
fn ten_thousand_capabilities_are_cheap_and_end_at_once() {
    let project = Project::script(include_str!("../python/capabilities/ten_thousand.py")).file("cloison.toml", ZLIB);
    let mut live = Live::start(&project, User::Current, &[]);
    let resident = |live: &Live<'_>| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", live.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    };
    assert_eq!(live.line(), "none");
    let before = resident(&live);
    assert_eq!(live.ended(), "all");
    let taken = resident(&live).saturating_sub(before);
    assert!(taken <= 10 << 20, "{taken} bytes");
    let rows =
        || live.ask(&["caps", "--json"]).ends_with(0).json()[0]["capabilities"].as_array().expect("a list").len();
    assert_eq!(rows(), 10_001);
    let line = live.ended();
    assert_eq!(line, "gone");
    let rows = live.ask(&["caps", "--json"]).ends_with(0).json()[0]["capabilities"].as_array().expect("a list").len();
    assert!(rows <= 2, "{rows} are left");
    live.running.stdin().write_all(b"\n").expect("it listens");
    live.running.finish().ends_with(0);
}

/// A library of which only `put` needs to write to a folder, and whose `get` tries to.
const STORE: &str = include_str!("../../ffi-zone/tests/common/needed.c");
const STORE_ZONE: &str = include_str!("../../ffi-zone/tests/manifests/needed.zone.toml");

/// An application that has it, with instances of that kind, and the folder.
fn store(instances: &str, manifest: &str) -> (Project, String) {
    let zone = STORE_ZONE.replace("\"per-client\"", &format!("\"{instances}\""));
    let project = Project::script(include_str!("../python/capabilities/sandboxes.py"))
        .library("liblibrary.so", STORE)
        .file("needed.zone.toml", &zone)
        .file("cloison.toml", manifest)
        .file("store/data", "contents");
    readable(&project.app("store"), 0o777);
    readable(&project.app("store/data"), 0o666);
    let folder = std::fs::canonicalize(project.app("store")).expect("a folder");
    (project, folder.to_str().expect("UTF-8").to_owned())
}

/// What is in the folder, as its owner sees it.
fn stored(project: &Project) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(project.app("store")).expect("it is there").flatten();
    let one = |entry: std::fs::DirEntry| {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        (entry.file_name().to_string_lossy().into_owned(), text)
    };
    entries.map(one).collect()
}

const ALL_OF_STORE: &str = "[capabilities.store]\nzone = \"needed.zone.toml\"\nallow = \"*\"\n";
const STORE_TO_READ: &str = "[capabilities.store]\nzone = \"needed.zone.toml\"\nallow = [\"get\", \"count\"]\n";

#[test]
fn a_sandbox_follows_what_was_granted() {
    let data = |text: &str| vec![("data".to_owned(), text.to_owned())];
    for &user in users() {
        for instances in ["per-client", "per-call"] {
            let (project, folder) = store(instances, ALL_OF_STORE);
            let run = |mode: &str| project.main(&[mode, &folder]).user(user).output().prints(&format!("{mode}\n"));
            // A reader's calls have written nothing, and one call of who may write has.
            run(instances);
            assert_eq!(stored(&project), data("contents!"), "{instances}");
            // The control: the same attempts, made by who may write.
            run("writes");
            assert!(stored(&project).is_empty(), "{instances}");
        }
        // What no capability of the application needs is in no sandbox, however instances are shared.
        for instances in ["per-client", "per-call", "shared"] {
            let (project, folder) = store(instances, STORE_TO_READ);
            project.main(&["reads", &folder]).user(user).output().prints("reads\n");
            assert_eq!(stored(&project), data("contents"), "{instances}");
        }
        // One instance for all has what any capability needs: that is what sharing means, and what instances of one's own are for.
        let both = format!("{STORE_TO_READ}[capabilities.other]\nzone = \"needed.zone.toml\"\nallow = [\"put\"]\n");
        let (project, folder) = store("shared", &both);
        project.main(&["is taken over", &folder]).user(user).output().prints("is taken over\n");
        let (project, folder) = store("per-client", &both);
        project.main(&["reads", &folder]).user(user).output().prints("reads\n");
        assert_eq!(stored(&project), data("contents"));
    }
}

/// A port at which everybody is told something.
fn server() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.write_all(b"!");
        }
    });
    port
}

/// What of the network and of system calls some functions need, nobody has in its instance who was not granted one of these.
#[test]
fn a_network_and_threads_follow_what_was_granted() {
    let port = server().to_string();
    for &user in users() {
        for (instances, mode) in [("per-client", "needs"), ("per-call", "needs"), ("shared", "needs of all")] {
            let (project, folder) = store(instances, ALL_OF_STORE);
            let zone = STORE_ZONE.replace("\"per-client\"", &format!("\"{instances}\"")).replace("4433", &port);
            let project = project.file("needed.zone.toml", &zone);
            project.main(&[mode, &folder, &port]).user(user).output().prints(&format!("{mode}\n"));
        }
    }
}

/// The words go by the same rule as the sandbox.
#[test]
fn what_a_library_may_open_is_said_as_it_is() {
    for (manifest, sentence, not) in [
        (ALL_OF_STORE, "have liblibrary.so read and write", "have liblibrary.so read /"),
        (ALL_OF_STORE, "have liblibrary.so connect to port 4433 of any address", "have liblibrary.so read /"),
        (STORE_TO_READ, "have liblibrary.so read /", "have liblibrary.so read and write"),
        (STORE_TO_READ, "have liblibrary.so read /", "have liblibrary.so connect"),
    ] {
        let (project, _) = store("per-client", manifest);
        let said = project.cloison(&["explain", "main.py", "--manifest", "cloison.toml"]).output().ends_with(0);
        assert!(said.stdout.contains(sentence) && !said.stdout.contains(not), "{said}");
    }
}

/// Numbers and tokens that somebody was not given itself: stolen, guessed, told by whoever may not give the capability on, or said once more.
#[test]
fn no_name_of_a_capability_is_of_use_to_who_does_not_hold_it() {
    let project = Project::with_microprocess(Some("hostile-microprocess"))
        .file("main.py", include_str!("../python/capabilities/forged.py"))
        .file("cloison.toml", ZLIB);
    project.main(&[]).output().ends_with(0).prints("nothing was had\n");
}

/// A call that begins when `revoke` has returned is refused, however many call; and a number of calls is one for all.
#[test]
fn eight_processes_race_for_nothing() {
    let project = Project::script(include_str!("../python/capabilities/races.py")).file("cloison.toml", ZLIB);
    project.main(&[]).output().ends_with(0).prints("raced\n");
}

#[test]
fn a_second_way_to_the_same_zone_widens_nothing() {
    let manifest = "[capabilities.sums]\nzone = \"zlib\"\nallow = [\"crc32\"]\n\
                    [capabilities.checks]\nzone = \"zlib\"\nallow = [\"adler32\", \"compress2\"]\n";
    let project = Project::script(include_str!("../python/capabilities/paths.py")).file("cloison.toml", manifest);
    project.main(&[]).output().ends_with(0).prints("two ways\n");
}

#[test]
fn neither_handle_nor_callable_outlives_its_grant() {
    for instances in ["shared", "per-client"] {
        let manifest = "[capabilities.things]\nzone = \"things.zone.toml\"\nallow = \"*\"\n";
        let zone = include_str!("../c/things.zone.toml");
        let zone = zone.replace("[sandbox]\n", &format!("[sandbox]\ninstances = \"{instances}\"\n"));
        let project = Project::script(include_str!("../python/capabilities/outlives.py"))
            .file("things.zone.toml", &zone)
            .library("things.so", include_str!("../c/things.c"))
            .file("cloison.toml", manifest);
        project.main(&[]).output().ends_with(0).prints("nothing outlives it\n");
    }
}

#[test]
fn who_exhausts_the_table_of_grants_exhausts_its_own_part() {
    let project = Project::script(include_str!("../python/capabilities/exhausted.py")).file("cloison.toml", ZLIB);
    project.main(&[]).output().ends_with(0).prints("full, and not for others\n");
}

/// Functions of a process of Python are a capability like those of a zone: narrowed, counted, passed on, taken back in the middle of a call.
#[test]
fn a_process_serves_others_by_a_capability_of_its_own() {
    let project = Project::script(include_str!("../python/capabilities/services.py")).file("cloison.toml", ZLIB);
    project.main(&[]).output().ends_with(0).prints("served\n");
}

/// What a bound on a service's arguments refuses has a line in the trail, as what a zone refuses has: who, what, and that nothing was called.
#[test]
fn the_audit_trail_says_what_a_service_has_refused() {
    let source = include_str!("../python/capabilities/service_audited.py");
    let project = Project::script(source).file("cloison.toml", "[audit]\nfile = \"audit.jsonl\"\n");
    project.main(&[]).output().ends_with(0).prints("audited\n");
    let text = std::fs::read_to_string(project.app("audit.jsonl")).expect("a trail");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let denied: Vec<_> = lines.iter().filter(|line| line["event"] == "deny").collect();
    // What a process says of others is its own doing, and takes nobody else's place.
    let (floods, denied): (Vec<_>, Vec<_>) = denied.into_iter().partition(|line| line["process"]["number"] == 2);
    assert_eq!(floods.len(), 1000, "{text}");
    let end = lines.iter().find(|line| line["event"] == "end" && line["process"]["number"] == 2);
    assert_eq!(end.map(|end| &end["dropped"]), Some(&2000.into()), "{text}");
    let [missing, denied] = denied.as_slice() else { panic!("two lines: {text}") };
    assert_eq!((&missing["process"]["number"], &missing["capability"]), (&1.into(), &"secrets".into()), "{text}");
    assert_eq!((&denied["capability"], &denied["function"]), (&"Clock".into(), &"tick".into()), "{text}");
    assert_eq!(
        (&denied["process"]["number"], &denied["by"]),
        (&4.into(), &3.into()),
        "its client and its server: {text}"
    );
    assert!(
        denied["reason"].as_str().is_some_and(
            |why| why.contains("`times <= 1`") && why.contains(", as process 1 (main.py:42) has narrowed it")
        ),
        "{text}"
    );
    let used = |what: &str| {
        let its = lines.iter().filter(|line| line["event"] == "use" && line["grant"] == denied["grant"]);
        its.filter_map(|line| line[what].as_u64()).sum::<u64>()
    };
    assert_eq!((used("calls"), used("denials")), (1, 1), "{text}");
}

/// A message with several capabilities is given with all of them or not at all: of one that is refused nothing stays at its receiver.
#[test]
fn what_is_not_sent_is_not_given() {
    let project = Project::script(include_str!("../python/capabilities/half_given.py")).file("cloison.toml", ZLIB);
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    let reports = live.ask(&["caps", "--json"]).ends_with(0).json();
    let rows = reports[0]["capabilities"].as_array().expect("a list").clone();
    let row = rows.iter().find(|row| row["minter"] == 2).expect("what the worker has narrowed");
    let holders: Vec<_> =
        row["holders"].as_array().expect("a list").iter().map(|one| one["process"].as_u64()).collect();
    assert_eq!(holders, [Some(2)], "{rows:#?}");
}

/// What finds no room in its receiver's mailbox is not given either, and is sent when there is room.
#[test]
fn what_finds_no_room_is_not_given() {
    let project = Project::script(include_str!("../python/capabilities/full.py")).file("cloison.toml", ZLIB);
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    let reports = live.ask(&["caps", "--json"]).ends_with(0).json();
    let rows = reports[0]["capabilities"].as_array().expect("a list").clone();
    let row = rows.iter().find(|row| row["minter"] == 1).expect("what the program has narrowed");
    let holders: Vec<_> =
        row["holders"].as_array().expect("a list").iter().map(|one| one["process"].as_u64()).collect();
    assert_eq!(holders, [Some(1)], "{rows:#?}");
    assert_eq!(live.ended(), "907060870");
}

/// What a lost message has named its receiver holds without knowing it: no more than one process may give to it, and until it ends.
#[test]
fn what_lost_messages_name_has_an_end() {
    let project = Project::script(include_str!("../python/capabilities/lost.py")).file("cloison.toml", ZLIB);
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "1000");
    let narrowed = |live: &Live<'_>| {
        let reports = live.ask(&["caps", "--json"]).ends_with(0).json();
        let rows = reports[0]["capabilities"].as_array().expect("a list").clone();
        rows.iter().filter(|row| row["minter"] == 1).count()
    };
    assert!(narrowed(&live) >= 1000);
    assert_eq!(live.ended(), "ended");
    assert_eq!(narrowed(&live), 0);
}

/// One client may hold as many capabilities of a zone of its own as it may have channels.
#[test]
fn a_zone_of_one_client_has_room_for_all_of_its_capabilities() {
    let output = of_libc(include_str!("../python/capabilities/sixty.py")).main(&[]).output().ends_with(0);
    assert_eq!(output.stdout, "0 True\n", "{output}");
}

/// An operator sees who serves it, and does with it what may be done with any other.
#[test]
fn a_service_is_seen_and_taken_back_like_a_zone_s_capability() {
    let project = Project::script(include_str!("../python/capabilities/service_held.py"));
    let mut live = Live::start(&project, User::Current, &[]);
    assert_eq!(live.line(), "ready");
    let reports = live.ask(&["caps", "--json"]).ends_with(0).json();
    let rows = reports[0]["capabilities"].as_array().expect("a list").clone();
    let [service, narrowed] = rows.as_slice() else { panic!("two capabilities: {rows:#?}") };
    assert_eq!((&service["name"], &service["parent"], &service["minter"]), (&"Clock".into(), &Value::Null, &2.into()));
    assert_eq!(service["location"], "process 2");
    assert_eq!((&narrowed["parent"], &narrowed["minter"]), (&service["number"], &1.into()));
    assert_eq!((&narrowed["functions"], &narrowed["calls"]), (&serde_json::json!(["tick"]), &1.into()));
    let allowed = live.ask(&["why", "1", "Clock.tick"]).ends_with(0);
    assert!(allowed.stdout.contains("the service of process 2 names `tick`"), "{allowed}");
    let number = narrowed["number"].to_string();
    live.ask(&["narrow", &number, "--where", "tick=time <= 1"]).ends_with(1).complains(&["did you mean `times`?"]);
    live.ask(&["narrow", &number, "--calls", "3", "--cpu", "60s", "--where", "tick=times <= 1"]).ends_with(0);
    assert_eq!(live.ended(), "tick");
    let refused = live.ended();
    let by = format!("as whoever runs the application has narrowed it (#{number}): `times <= 1` does not hold");
    assert!(refused.ends_with(&by), "{refused}");
    let reports = live.ask(&["caps", "--json"]).ends_with(0).json();
    let row = reports[0]["capabilities"][1].clone();
    assert_eq!((&row["calls"], &row["refused"]), (&2.into(), &1.into()), "what a bound refuses is no call");
    let terms = row["terms"].as_array().expect("a list");
    assert!(terms.contains(&"tick only if times <= 1".into()), "{terms:?}");
    assert!(row["cpu_ns"].as_u64().is_some_and(|taken| taken > 0), "{row:#?}");
    let allowed = live.ask(&["why", "1", "Clock.tick"]).ends_with(0);
    assert!(allowed.stdout.contains("only if times <= 1"), "{allowed}");
    live.ask(&["revoke", &service["number"].to_string()]).ends_with(0);
    assert_eq!(live.ended(), "Revoked");
    live.running.finish().ends_with(0);
}
