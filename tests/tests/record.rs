//! `cloison run --record`: the smallest `cloison.toml` for what a program does, and what it takes to be recorded.

use cloison_tests::Project;
use cloison_tests::server::{HttpServer, ok};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const PACKS: &str = include_str!("../python/record/packs.py");

/// The manifest that a run is recorded into.
fn recorded(project: &Project, name: &str) -> String {
    fs::read_to_string(project.app(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn one_run_makes_the_smallest_manifest_and_no_more_is_granted_by_it() {
    let project = Project::script(PACKS);
    let output =
        project.cloison(&["run", "--record", "--record-anyway", "main.py", "1000", "1", "6"]).output().ends_with(0);
    assert!(output.stderr.contains("RECORDING") && output.stderr.contains("Not for production"), "{output}");
    let text = recorded(&project, "cloison.toml");
    for line in [
        "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\n    \"compress2\",  # ",
        "main.py:15\n",
        "    \"crc32\",  # ",
        "main.py:8\n",
        "level in [1, 6]",
        "len(source) <= 1024",
        "\nprocesses = 2  #",
        "\nchildren = 1  #",
    ] {
        assert!(text.contains(line), "{line:?}:\n{text}");
    }
    assert!(!text.contains("libm"), "{text}");
    let project = project.file("__main__.py", PACKS);
    project.cloison(&["check", "."]).output().ends_with(0);
    // What was recorded is enough for the same run, and for nothing beyond.
    let again = project.main(&["1000", "1", "6"]).output().ends_with(0);
    assert_eq!(again.stdout, output.stdout);
    for (arguments, bound) in [(["1000", "9"], "level in [1, 6]"), (["5000", "6"], "len(source) <= 1024")] {
        let denied = project.main(&arguments).output();
        assert!(denied.stderr.contains("CapabilityDenied") && denied.stderr.contains(bound), "{denied}");
    }
}

/// Somebody has made a file of that name while the program ran: it stays as it is, and what was recorded is said.
#[test]
fn what_was_recorded_is_not_lost_with_its_file() {
    let project = Project::script(include_str!("../python/record/waits.py"));
    for (status, expected) in [("0", 1), ("3", 3)] {
        let record = ["run", "--record", "--record-anyway", "--output", "made.toml", "main.py", status];
        let mut running = project.cloison(&record).start_with(Stdio::piped());
        let mut line = String::new();
        BufReader::new(running.stdout()).read_line(&mut line).expect("a report");
        assert_eq!(line, "907060870 started\n");
        fs::write(project.app("made.toml"), "theirs").expect("a file");
        let output = running.finish().ends_with(expected);
        output.complains(&["made.toml: a recording is written to a new file, and there is one", "\"crc32\",  # "]);
        assert_eq!(recorded(&project, "made.toml"), "theirs");
        fs::remove_file(project.app("made.toml")).expect("a file");
    }
}

#[test]
fn nothing_is_recorded_by_accident() {
    let project =
        Project::script(PACKS).file("cloison.toml", "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n");
    // Nobody is there who would see the warning.
    let refused = project.cloison(&["run", "--record", "main.py", "1", "1"]).output();
    assert!(!refused.status.success() && refused.stderr.contains("--record-anyway"), "{refused}");
    assert!(!project.app("cloison.recorded.toml").exists());
    // What goes with it is nothing without it.
    for flag in [&["--record-anyway"][..], &["--zone", "zlib"], &["--output", "x.toml"]] {
        let output = project.cloison(&[&["run"], flag, &["main.py"]].concat()).output();
        assert_eq!(output.status.code(), Some(2), "{output}");
    }
    // No key of a manifest turns it on.
    for key in ["record = true\n", "[app]\nrecord = true\n"] {
        let project = Project::script(PACKS).file("cloison.toml", key);
        let output = project.main(&["1", "1"]).output();
        assert_eq!(output.status.code(), Some(2), "{output}");
    }
    // And no file is written over.
    let named = ["run", "--record", "--record-anyway", "--output", "cloison.toml", "main.py", "1", "1"];
    let output = project.cloison(&named).output();
    assert!(!output.status.success() && output.stderr.contains("a new file"), "{output}");
    assert!(recorded(&project, "cloison.toml").contains("[\"crc32\"]"));
}

#[test]
fn what_a_manifest_says_is_never_widened() {
    let manifest = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\", \"compress2\"]\nwhere = { compress2 = \"level <= 3\" }\n";
    let project = Project::script(PACKS).file("cloison.toml", manifest);
    let record = ["run", "--record", "--record-anyway", "--manifest", "cloison.toml", "main.py", "100"];
    let output = project.cloison(&[&record[..], &["1", "6"]].concat()).output();
    assert!(output.stderr.contains("`level <= 3` does not hold"), "{output}");
    // What it did before that was recorded all the same; what was denied was not.
    let text = recorded(&project, "cloison.recorded.toml");
    assert!(text.contains("(level <= 3) && ") && text.contains("level == 1"), "{text}");
    assert!(!text.contains("crc32"), "{text}");
    // Nor is it granted what it has tried and was not granted.
    let tries = include_str!("../python/record/tries.py");
    let project =
        Project::script(tries).file("narrow.toml", "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n");
    let record =
        ["run", "--record", "--record-anyway", "--manifest", "narrow.toml", "--output", "small.toml", "main.py"];
    project.cloison(&record).output().ends_with(0);
    let text = recorded(&project, "small.toml");
    assert!(text.contains("crc32") && !text.contains("adler32"), "{text}");
}

#[test]
fn files_keep_the_roots_and_rights_that_were_used() {
    let program = include_str!("../python/record/uses_files.py");
    let manifest = "[capabilities.files]\nzone = \"files\"\nroots = [\n\
        { at = \"/in\", path = \"in\", allow = [\"read\", \"list\", \"write\", \"create\", \"delete\"] },\n\
        { at = \"/out\", path = \"out\", allow = [\"read\", \"list\", \"write\", \"create\", \"delete\"] },\n\
        { at = \"/unused\", path = \"in\", allow = [\"read\"] },\n]\n";
    let project = Project::script(program).file("wide.toml", manifest).file("in/a.txt", "a");
    fs::create_dir(project.app("out")).expect("a folder");
    cloison_tests::binaries::readable(&project.app("out"), 0o777);
    let record = ["run", "--record", "--record-anyway", "--manifest", "wide.toml", "--output", "small.toml", "main.py"];
    project.cloison(&record).output().ends_with(0);
    let text = recorded(&project, "small.toml");
    for line in [
        "{ at = \"/in\", path = \"in\", allow = [\"read\", \"list\"] }",
        "{ at = \"/out\", path = \"out\", allow = [\"write\", \"create\"] }",
        "# main.py:5, main.py:6",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    assert!(!text.contains("/unused"), "{text}");
    let run = ["run", "--manifest", "small.toml", "main.py"];
    project.cloison(&run).output().ends_with(0);
    let beyond = project.cloison(&[&run[..], &["delete"]].concat()).output();
    assert!(beyond.stderr.contains("PermissionError"), "{beyond}");
}

#[test]
fn a_zone_that_is_named_is_offered_and_what_is_said_of_secrets_is_their_length() {
    let zone = "[zone]\nname = \"vault\"\nversion = \"1.0.0\"\nlibrary = { path = \"libvault.so\" }\n\
        [functions.open_vault]\nc = \"int open_vault(const char *path, const char *password, const char *mode)\"\n\
        [functions.crash]\nc = \"int crash(int how)\"\n";
    let library = "int open_vault(const char *path, const char *password, const char *mode) { return password[0]; }\n\
        int crash(int how) { __builtin_trap(); return how; }\n";
    let program = include_str!("../python/record/vault.py");
    let project = Project::script(program).file("vault.zone.toml", zone).library("libvault.so", library);
    // That its manifest lies there is no reason to load a library.
    let alone = ["run", "--record", "--record-anyway", "--output", "alone.toml", "main.py"];
    let alone = project.cloison(&alone).output().ends_with(1);
    assert!(
        alone.stderr.contains("the capability \"vault\", which nothing gives: `--zone vault.zone.toml`"),
        "{alone}"
    );
    let record = ["run", "--record", "--record-anyway", "--zone", "vault.zone.toml", "main.py"];
    let output = project.cloison(&record).output().ends_with(0);
    assert!(output.stderr.contains("warning: It may use the library that ./vault.zone.toml declares"), "{output}");
    let text = recorded(&project, "cloison.toml");
    for line in [
        "zone = \"vault.zone.toml\"",
        "path starts_with \"/data/keys/\"",
        "len(password) <= 64",
        "mode in [\"r\", \"w\"]",
        "crash = \"how == 3\"",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    assert!(!text.contains("hunter"), "{text}");
    assert_eq!(project.main(&[]).output().ends_with(0).stdout, "crashed\n");
}

#[test]
fn a_sandbox_is_narrowed_to_what_its_zone_opened() {
    let zone = "[zone]\nname = \"reader\"\nversion = \"1.0.0\"\nlibrary = { path = \"libreader.so\" }\n\
        [sandbox]\nmemory = \"512 MiB\"\ndeadline = \"30 s\"\nfile_size = \"1 MiB\"\n\
        files = [{ read = \"$here/in\" }, { write = \"$here/out\" }, { read = \"$here/unused\" }]\n\
        [functions.copy]\nc = \"int copy(const char *from, const char *to)\"\n";
    let library = "#include <fcntl.h>\n#include <unistd.h>\n\
        int copy(const char *from, const char *to) {\n\
          char bytes[16]; int in = open(from, O_RDONLY); if (in < 0) return -1;\n\
          long count = read(in, bytes, sizeof bytes);\n\
          int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644); if (out < 0) return -2;\n\
          write(out, bytes, count); close(in); close(out); return (int)count; }\n";
    let program = include_str!("../python/record/copies.py");
    let project = Project::script(program)
        .file("reader.zone.toml", zone)
        .library("libreader.so", library)
        .file("in/a", "four")
        .file("in/b", "beyond")
        .file("unused/c", "");
    fs::create_dir(project.app("out")).expect("a folder");
    cloison_tests::binaries::readable(&project.app("out"), 0o777);
    let path = |name: &str| project.app(name).canonicalize().expect("it is there").to_str().expect("UTF-8").to_owned();
    let (from, beyond, to) = (path("in/a"), path("in/b"), format!("{}/a", path("out")));
    let record = ["zone", "record", "--record-anyway", "reader.zone.toml", "--", "main.py", &from, &to];
    let output = project.cloison(&record).output().ends_with(0);
    assert!(output.stdout == "4\n" && output.stderr.contains("RECORDING"), "{output}");
    let text = recorded(&project, "reader.recorded.zone.toml");
    assert!(text.contains("files = [\n    { read = \"$here/in/a\" },\n    { write = \"$here/out\" },\n]"), "{text}");
    for line in ["memory = \"", "deadline = \"1 s\"  # the longest call took 0."] {
        assert!(text.contains(line), "{line}: {text}");
    }
    // With it the same run succeeds, and one that goes beyond does not.
    let manifest = "[capabilities.reader]\nzone = \"reader.recorded.zone.toml\"\nallow = \"*\"\n";
    let project = project.file("cloison.toml", manifest);
    assert_eq!(project.main(&[&from, &to]).output().ends_with(0).stdout, "4\n");
    assert_eq!(project.main(&[&beyond, &to]).output().ends_with(0).stdout, "-1\n");
    // Nobody is there who would see the warning.
    let refused = project.cloison(&["zone", "record", "reader.zone.toml", "--", "main.py"]).output();
    assert!(!refused.status.success() && refused.stderr.contains("--record-anyway"), "{refused}");
}

/// The example of the document is what is recorded of its program, but for what was measured.
#[test]
fn the_document_shows_what_is_written() {
    let document = include_str!("../../docs/record.md");
    let block = |kind: &str| {
        let begins = format!("\n```{kind}\n");
        let rest = document.split(&begins).nth(1).unwrap_or_else(|| panic!("no block of {kind}"));
        rest.split("```").next().unwrap_or_default()
    };
    let project = Project::script(block("python"));
    project.cloison(&["run", "--record", "--record-anyway", "main.py"]).output().ends_with(0);
    let unmeasured = |text: &str| {
        let measured = |line: &&str| !line.starts_with("memory = ") && !line.starts_with("cpu = ");
        text.lines().filter(measured).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(unmeasured(&recorded(&project, "cloison.toml")), unmeasured(block("toml")));
}

#[test]
fn requests_are_the_methods_and_urls_that_were_asked_for() {
    let server = HttpServer::start(|_, stream| stream.write_all(ok("it is here").as_bytes()));
    let port = server.port;
    let manifest = format!("[capabilities.api]\nzone = \"http\"\nallow = [\"* http://localhost:{port}/*\"]\n");
    let project = Project::script(include_str!("../python/record/asks.py")).file("wide.toml", &manifest);
    let url = |name: &str| format!("http://localhost:{port}/a/{name}?token=hidden");
    let record = ["run", "--record", "--record-anyway", "--manifest", "wide.toml", "--output", "small.toml", "main.py"];
    assert_eq!(project.cloison(&[&record[..], &[&url("b")]].concat()).output().ends_with(0).stdout, "it is here\n");
    let text = recorded(&project, "small.toml");
    assert!(text.contains(&format!("allow = [\"GET http://localhost:{port}/a/b\"]")), "{text}");
    assert!(!text.contains("hidden"), "{text}");
    let run = |name: &str| project.cloison(&["run", "--manifest", "small.toml", "main.py", &url(name)]).output();
    assert_eq!(run("b").ends_with(0).stdout, "it is here\n");
    let beyond = run("c");
    assert!(!beyond.status.success() && beyond.stderr.contains("403"), "{beyond}");
}

const SHARES: &str = include_str!("../python/record/shares.py");
const LIB: &str = "int add(int one, int other) { return one + other; }\nint twice(int one) { return 2 * one; }\n\
    int unused(int one) { return one; }\n";

/// A program of several processes on a library whose instances are of that kind. Its manifests grant all of it.
fn shares(instances: &str) -> Project {
    let zone = format!(
        "[zone]\nname = \"lib\"\nversion = \"1.0.0\"\nlibrary = {{ path = \"lib.so\" }}\n\
         [sandbox]\ninstances = \"{instances}\"\nmemory = \"512 MiB\"\ndeadline = \"30 s\"\n\
         [functions.add]\nc = \"int add(int one, int other)\"\n[functions.twice]\nc = \"int twice(int one)\"\n\
         [functions.unused]\nc = \"int unused(int one)\"\n"
    );
    let wide = "[capabilities.lib]\nzone = \"lib.zone.toml\"\nallow = \"*\"\n\n[capabilities.zlib]\nzone = \"zlib\"\nallow = \"*\"\n\n\
        [microprocess.worker]\nmemory = \"64 MiB\"\n\n[microprocess.worker.capabilities.lib]\nallow = [\"add\", \"twice\", \"unused\"]\n\
        where = { add = \"other <= 100\" }\n\n[microprocess.worker.capabilities.zlib]\nallow = [\"crc32\"]\n\n\
        [capabilities.libm]\nzone = \"libm\"\nallow = \"*\"\n\n[microprocess.idle]\ncapabilities = [\"lib\", \"libm\"]\n";
    Project::script(SHARES).file("lib.zone.toml", &zone).file("wide.toml", wide).library("lib.so", LIB)
}

/// Clients of their own, and a process for each call, say what they do as one zone for all does; so does a batch.
#[test]
fn what_several_processes_did_is_enough_for_all_of_them() {
    for instances in ["shared", "per-client", "per-call"] {
        let project = shares(instances);
        let record =
            ["run", "--record", "--record-anyway", "--manifest", "wide.toml", "--output", "small.toml", "main.py"];
        let output = project.cloison(&record).output().ends_with(0);
        assert_eq!(output.stdout, "0\n[28, 33]\n100\n", "{instances}");
        let text = recorded(&project, "small.toml");
        for line in [
            "    \"add\",  # ",
            "    \"twice\",  # ",
            "other in [0, 1, 2, 3]",
            "one in [3, 4, 50]",
            "[microprocess.worker]\nmemory = \"64 MiB\"",
            "where = { add = \"other <= 100\" }",
            // The workers hold it and have called nothing of it.
            "[capabilities.zlib]\nzone = \"zlib\"\nallow = []",
            "[microprocess.worker.capabilities.zlib]\nallow = []",
            "[microprocess.idle]\ncapabilities = [\"lib\"]",
        ] {
            assert!(text.contains(line), "{instances}, {line}:\n{text}");
        }
        // Neither what nobody called nor, in the profile, what is not granted any more.
        assert!(!text.contains("unused") && !text.contains("libm"), "{instances}:\n{text}");
        let run = ["run", "--manifest", "small.toml", "main.py"];
        assert_eq!(project.cloison(&run).output().ends_with(0).stdout, output.stdout, "{instances}");
        let beyond = project.file("main.py", &SHARES.replace("(3, 4)", "(3, 7)"));
        let beyond = beyond.cloison(&run).output();
        assert!(!beyond.status.success() && beyond.stderr.contains("CapabilityDenied"), "{instances}: {beyond}");
    }
}

/// What the run is told stands behind `--`: which manifest, and so which capabilities, profiles and limits.
#[test]
fn a_zone_is_recorded_with_what_the_run_is_told() {
    for instances in ["shared", "per-client", "per-call"] {
        let project = shares(instances);
        let record = ["zone", "record", "--record-anyway", "--output", "small.zone.toml", "lib.zone.toml", "--"];
        for (wrong, said) in [
            (&["--record", "main.py"][..], "one at a time"),
            (&["--output", "x.toml", "main.py"], "in front of `--`"),
            (&["--record-anyway", "main.py"], "in front of `--`"),
            (&["--zone", "none.zone.toml", "main.py"], "none.zone.toml"),
        ] {
            let refused = project.cloison(&[&record[..], wrong].concat()).output();
            assert!(!refused.status.success() && refused.stderr.contains(said), "{wrong:?}: {refused}");
            assert!(!project.app("small.zone.toml").exists(), "{wrong:?}");
        }
        let output = project.cloison(&[&record[..], &["--manifest", "wide.toml", "main.py"]].concat()).output();
        assert_eq!(output.ends_with(0).stdout, "0\n[28, 33]\n100\n", "{instances}");
        let text = recorded(&project, "small.zone.toml");
        assert!(text.contains(&format!("instances = \"{instances}\"")), "{text}");
        assert!(text.contains("deadline = \"1 s\"  # the longest call took 0."), "{instances}: {text}");
        assert!(!text.contains("512 MiB"), "{instances}: {text}");
        assert!(!project.app("lib.recorded.zone.toml").exists());
        // With it the same run succeeds.
        let wide = recorded(&project, "wide.toml").replace("lib.zone.toml", "small.zone.toml");
        let project = project.file("narrow.toml", &wide);
        let again = project.cloison(&["run", "--manifest", "narrow.toml", "main.py"]).output().ends_with(0);
        assert_eq!(again.stdout, "0\n[28, 33]\n100\n", "{instances}");
    }
}

/// Another zone that the program calls, and that no manifest grants, is offered as well.
#[test]
fn a_zone_is_recorded_while_its_program_calls_another_one() {
    let other = "[zone]\nname = \"other\"\nversion = \"1.0.0\"\nlibrary = { path = \"other.so\" }\n\
        [functions.thrice]\nc = \"int thrice(int one)\"\n";
    let program = "import cloison\nprint(cloison.capability('other').thrice(cloison.capability('lib').twice(7)))\n";
    let project = shares("per-client").file("main.py", program).file("elsewhere/other.zone.toml", other);
    let project = project.library("elsewhere/other.so", "int thrice(int one) { return 3 * one; }\n");
    let record =
        ["zone", "record", "--record-anyway", "lib.zone.toml", "--", "--zone", "elsewhere/other.zone.toml", "main.py"];
    assert_eq!(project.cloison(&record).output().ends_with(0).stdout, "42\n");
    let text = recorded(&project, "lib.recorded.zone.toml");
    assert!(text.contains("name = \"lib\"") && !text.contains("512 MiB"), "{text}");
}
