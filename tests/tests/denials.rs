//! What was not granted is denied, and the denial names the function and the line that would change it.

use cloison_tests::{Output, Project, User, users};

/// Tries every expression of `sys.argv` and prints what becomes of it.
const TRIES: &str = include_str!("../python/denials/tries.py");

fn tries(manifest: &str, user: User, expressions: &[&str]) -> Output {
    let project = Project::script(TRIES);
    if !manifest.is_empty() {
        project.write("cloison.toml", manifest.as_bytes());
    }
    project.main(expressions).user(user).output().ends_with(0)
}

const SOME: &str = include_str!("../python/denials/some.py");
const CRC32: &str = "cloison.capability('zlib').crc32(0, b'hello')";
const ADLER32: &str = "cloison.capability('zlib').adler32(1, b'hello')";

#[test]
fn a_function_that_is_not_allowed() {
    for &user in users() {
        let output = tries(SOME, user, &[CRC32, ADLER32, "cloison.capability('zlib').compress2(b'')", CRC32]);
        let lines: Vec<_> = output.stdout.lines().collect();
        assert_eq!((lines[0], lines[3]), ("ok 907060870", "ok 907060870"), "{output}");
        for (line, function) in [(lines[1], "adler32"), (lines[2], "compress2")] {
            assert!(line.starts_with(&format!("CapabilityDenied zlib {function} ")), "{output}");
            let explained = line.split_once('|').expect("a message").1;
            assert!(explained.contains(function) && explained.contains("cloison.toml:4"), "{output}");
        }
    }
}

#[test]
fn a_capability_that_is_not_in_the_file() {
    let output = tries(
        SOME,
        User::Current,
        &["cloison.capability('libm')", "cloison.capability('zlib\\nfake: granted')", CRC32],
    );
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("CapabilityDenied libm None"), "{output}");
    assert!(lines[0].contains("cloison.toml") && lines[0].contains("[capabilities.libm]"), "{output}");
    assert_eq!(lines.last(), Some(&"ok 907060870"), "{output}");
}

/// `help(cloison.capability("zlib"))`: what it offers to whom it is granted.
#[test]
fn help_shows_the_functions_that_are_granted() {
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"adler32\", \"crc32\"]\n";
    let output = tries(manifest, User::Current, &["help(cloison.capability('zlib'))"]);
    for part in ["    zlib 1.", "crc32(crc: int, buf: Buffer) -> int", "The CRC-32 of the data", "adler32("] {
        assert!(output.stdout.contains(part), "no {part:?} in:\n{output}");
    }
    assert!(!output.stdout.contains("compress2("), "{output}");
}

#[test]
fn an_empty_list_allows_nothing() {
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = []\n";
    let output = tries(
        manifest,
        User::Current,
        &[CRC32, ADLER32, "cloison.capability('zlib').version()", "dir(cloison.capability('zlib'))"],
    );
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(
        lines[..3].iter().all(|line| line.starts_with("CapabilityDenied zlib") && line.contains("cloison.toml:3")),
        "{output}"
    );
    assert_eq!(lines[3], "ok []", "{output}");
    let all = tries("[capabilities.zlib]\nzone = \"zlib\"\nallow = \"*\"\n", User::Current, &[CRC32, ADLER32]);
    assert_eq!(all.stdout, "ok 907060870\nok 103547413\n");
}

#[test]
fn without_a_manifest_there_are_no_capabilities() {
    for &user in users() {
        let output = tries("", user, &["cloison.capability('zlib')"]);
        assert!(
            output.stdout.starts_with("CapabilityDenied zlib")
                && output.stdout.contains("cloison.toml does not exist")
                && output.stdout.contains("cloison run --manifest "),
            "{output}"
        );
    }
}

#[test]
fn internal_functions_are_not_offered() {
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = \"*\"\n";
    let output = tries(
        manifest,
        User::Current,
        &["cloison.capability('zlib').zError(0)", "cloison.capability('zlib').compres2(b'')", CRC32],
    );
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("AttributeError") && lines[1].contains("Did you mean: 'compress2'?"), "{output}");
    assert_eq!(lines[2], "ok 907060870", "{output}");
}

#[test]
fn names_that_are_no_functions_reach_nothing() {
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n";
    let names = ["crc32\\0", "../crc32", "crc32@ZLIB_1.2.2", "CRC32", "_crc32", "deflateInit_", "system", "ｃrc32", ""];
    let expressions: Vec<String> =
        names.iter().map(|name| format!("getattr(cloison.capability('zlib'), '{name}')(0, b'')")).collect();
    let mut all: Vec<&str> = expressions.iter().map(String::as_str).collect();
    all.push(CRC32);
    let output = tries(manifest, User::Current, &all);
    let refused = output.stdout.lines().filter(|line| line.starts_with("AttributeError")).count();
    assert_eq!(refused, names.len(), "{output}");
    assert!(output.stdout.ends_with("ok 907060870\n"), "{output}");
}

#[test]
fn a_bound_holds_and_names_its_line() {
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"compress2\"]\nwhere = { compress2 = \"sourceLen <= 1 KiB\" }\n";
    let within = "len(cloison.capability('zlib').compress2(b'x' * 1024))";
    let output = tries(manifest, User::Current, &[within, "cloison.capability('zlib').compress2(b'x' * 1025)", within]);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("ok ") && lines[2] == lines[0], "{output}");
    assert!(lines[1].starts_with("CapabilityDenied zlib compress2"), "{output}");
    assert!(lines[1].contains("cloison.toml:4 ") && lines[1].contains("sourceLen <= 1 KiB"), "{output}");
}

/// Texts, fractions, lengths and members, in a zone for all and in one of the client's own. What is refused names its bound, and does
/// not count: after twelve refusals there are still the eight calls that `calls` says.
#[test]
fn bounds_on_texts_fractions_lengths_and_members() {
    let good = [
        ("opens('/data/a', 'rb')", "9"),
        ("opens('/data/..a', 'r')", "10"),
        ("scale(0.5)", "1.0"),
        ("store(b'PK\\x03')", "80"),
        ("pack({'level': 6, 'ratio': 1.0}, 6)", "12"),
        ("pack({'level': -6}, 0)", "-6"),
        ("scale(-1e300)", "-2e+300"),
    ];
    let bad = [
        ("opens('/etc/passwd', 'r')", "path starts_with", "does not hold"),
        ("opens('/data/../etc/passwd', 'r')", "path starts_with", "`..`"),
        ("opens('/data/a', 'w')", "mode in [", "does not hold"),
        ("opens('/data/a')", "mode in [", "does not hold"),
        ("scale(0.75)", "ratio <= 0.5", "does not hold"),
        ("scale(float('nan'))", "ratio <= 0.5", "NaN"),
        ("store(b'PK\\x03 and more')", "len(data) <= 4", "does not hold"),
        ("store(b'PK')", "data starts_with", "does not hold"),
        ("pack({'level': 7}, 0)", "options.level <= 6", "does not hold"),
        ("pack({'level': 6}, 5)", "color in [RED, BLUE]", "does not hold"),
        ("pack(None, 0)", "options.level <= 6", "the struct is NULL"),
        ("store(b'')", "data starts_with", "does not hold"),
    ];
    let call = |call: &str| format!("cloison.capability('own').{call}");
    let calls: Vec<String> =
        bad.iter().map(|(text, ..)| call(text)).chain(good.iter().map(|(text, _)| call(text))).collect();
    let mut calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let last = call("scale(0.25)");
    calls.extend([last.as_str(), last.as_str()]);
    let zone = include_str!("../c/denials_bounds.zone.toml");
    for instances in ["shared", "per-client"] {
        let zone = format!("{zone}[sandbox]\ninstances = \"{instances}\"\n");
        let project = Project::script(TRIES)
            .file("cloison.toml", include_str!("../python/denials/bounds.toml"))
            .file("own.zone.toml", &zone)
            .library("own.so", include_str!("../c/denials_bounds.c"));
        let output = project.main(&calls).output().ends_with(0);
        let lines: Vec<_> = output.stdout.lines().collect();
        let (refused, made) = lines.split_at(bad.len());
        for (line, (text, bound, why)) in refused.iter().zip(bad) {
            let function = text.split('(').next().expect("a name");
            let denied = format!("CapabilityDenied own {function} ");
            assert!(line.starts_with(&denied) && line.contains(bound) && line.contains(why), "{text}: {line}");
            let own = [("opens", 7), ("scale", 8), ("store", 9), ("pack", 10)]
                .into_iter()
                .find(|(name, _)| *name == function);
            let (_, number) = own.expect("a bound");
            // In its text, and as its attribute.
            assert_eq!(line.matches(&format!("cloison.toml:{number} ")).count(), 2, "{text}: {line}");
        }
        for (line, (text, value)) in made.iter().zip(good) {
            assert_eq!(*line, format!("ok {value}"), "{text}\n{output}");
        }
        assert_eq!(made[good.len()], "ok 0.5", "{output}");
        let used_up = made[good.len() + 1];
        assert!(used_up.starts_with("QuotaExceeded") && used_up.contains("cloison.toml:4)"), "{output}");
    }
}

#[test]
fn a_number_of_calls_is_used_up() {
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\ncalls = 3\n";
    let output = tries(manifest, User::Current, &[CRC32; 5]);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(lines[..3].iter().all(|line| *line == "ok 907060870"), "{output}");
    let used_up = |line: &&str| line.starts_with("QuotaExceeded None crc32") && line.contains("cloison.toml:4)");
    assert!(lines[3..].iter().all(used_up), "{output}");
}

#[test]
fn a_number_of_calls_is_not_renewed_by_a_new_channel() {
    let manifest = "[capabilities.own]\nzone = \"own.zone.toml\"\nallow = \"*\"\ncalls = 4\n";
    let zone = include_str!("../c/denials_own.zone.toml");
    let project = Project::script(TRIES).file("cloison.toml", manifest).file("own.zone.toml", zone);
    let project = project.library("own.so", "int one(void) { return 1; } void crash(void) { *(volatile int *)0 = 1; }");
    let (one, crash) = ("cloison.capability('own').one()", "cloison.capability('own').crash()");
    let output = project.main(&[one, one, crash, one, one, one, one]).output().ends_with(0);
    let made = output.stdout.lines().filter(|line| line.starts_with("ok") || line.starts_with("ZoneCrashed")).count();
    assert_eq!(made, 4, "a grant's calls are counted for the grant, not for each channel:\n{output}");
}

#[test]
fn a_rate_is_kept() {
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\nrate = \"5/s\"\n";
    let source = include_str!("../python/denials/a_rate_is_kept.py");
    let output = Project::script(source).file("cloison.toml", manifest).main(&[]).output().ends_with(0);
    output.prints("True 50\nagain\n");
}

/// Whoever has a zone, or a process of it, for itself pays for what the library takes there, also when the call does not return and when
/// threads of the library's take it.
#[test]
fn processor_time_is_charged_however_a_call_ends() {
    let manifest = "[capabilities.own]\nzone = \"own.zone.toml\"\nallow = \"*\"\ncpu = \"50 ms\"\n";
    let zone = include_str!("../c/denials_cpu.zone.toml");
    for (instances, calls) in [
        ("shared", &["burns", "ends", "crashes"][..]),
        ("per-client", &["burns", "ends", "crashes", "threads"]),
        ("per-call", &["burns", "ends", "crashes", "threads"]),
    ] {
        for call in calls {
            let zone = format!("{zone}[sandbox]\ninstances = \"{instances}\"\nprocesses = 1\n");
            let project = Project::script(TRIES).file("cloison.toml", manifest).file("own.zone.toml", &zone);
            let project = project.library("own.so", include_str!("../c/denials_cpu.c"));
            let none = "cloison.capability('own').burns(0)".to_owned();
            let call = format!("cloison.capability('own').{call}(200)");
            let output = project.main(&[&none, &call, &none]).output().ends_with(0);
            let lines: Vec<_> = output.stdout.lines().collect();
            let made = if call.contains("burns") || call.contains("threads") { "ok " } else { "ZoneCrashed" };
            assert!(lines[0] == "ok None" && lines[1].starts_with(made), "{instances} {call}: {output}");
            let used_up = "all 50 ms of processor time of this grant have been used";
            assert!(
                lines[2].starts_with("QuotaExceeded") && lines[2].contains(used_up),
                "{instances} {call}: {output}"
            );
            assert!(lines[2].contains("cloison.toml:4)"), "{instances} {call}: {output}");
        }
    }
}

#[test]
fn top_levels_run_without_capabilities() {
    let manifest = "[app]\nentry = \"app:main\"\n[capabilities.zlib]\nzone = \"zlib\"\nallow = \"*\"\n";
    let early = include_str!("../python/denials/top_levels_run_without_capabilities_early.py");
    let project = Project::new().file("cloison.toml", manifest).file("app.py", early);
    project.application(&[]).output().ends_with(1).complains(&["CapabilityDenied", "app.py\", line 3"]);
    let late = include_str!("../python/denials/top_levels_run_without_capabilities_late.py");
    project.write("app.py", late.as_bytes());
    project.application(&[]).output().prints("907060870\n");
}
