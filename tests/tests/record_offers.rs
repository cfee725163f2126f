//! What is offered of the machine to a program that is recorded, and what a recording says at its end.

use cloison_tests::server::{HttpServer, ok};
use cloison_tests::{Project, binaries, users};
use std::fs;

const NEWCOMER: &str = include_str!("../python/record/newcomer.py");
const CATCHES: &str = include_str!("../python/record/catches.py");
const FOLDERS: &str = include_str!("../python/record/folders.py");
const ENDS_BADLY: &str = include_str!("../python/record/ends_badly.py");
const MISSPELLED: &str = include_str!("../python/record/misspelled.py");
const RECORD: [&str; 3] = ["run", "--record", "--record-anyway"];

fn read(project: &Project, name: &str) -> String {
    fs::read_to_string(project.app(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Folders of the application's, which every user may change.
fn folders(project: &Project, names: &[&str]) {
    for name in names {
        fs::create_dir_all(project.app(name)).expect("a folder");
        binaries::readable(&project.app(name), 0o777);
    }
}

#[test]
fn what_was_used_of_what_is_offered_is_written_narrow() {
    let server = HttpServer::start(|_, stream| stream.write_all(ok(" and more").as_bytes()));
    let (port, url) = (server.port, format!("http://localhost:{}/v1/a?key=hidden", server.port));
    let project = Project::script(NEWCOMER).file("data/in/deep/text.txt", "text").file("data/in/other.txt", "");
    folders(&project, &["data/out", "data/books"]);
    let http = format!("http=http://localhost:{port}");
    let offers = ["--offer", "files=data:rw", "--offer", &http, "--offer", "sqlite3=data:rw", "--offer", "net"];
    let output = project.cloison(&[&RECORD[..], &offers, &["main.py", &url]].concat()).output().ends_with(0);
    assert_eq!(output.stdout, "text and more\n", "{output}");
    // What is offered is said before, and what is used afterwards.
    let said = &output.stderr;
    for line in
        ["warning: It may read, list, ", "which it sees as /data", "warning: It may request * http://localhost:"]
    {
        assert!(said.contains(line), "{line}: {output}");
    }
    assert!(said.contains("cloison.toml is what this run needed"), "{output}");
    let text = read(&project, "cloison.toml");
    for line in [
        "{ at = \"/data/in/deep\", path = \"data/in/deep\", allow = [\"read\"] }",
        "{ at = \"/data/out\", path = \"data/out\", allow = [\"write\", \"create\"] }",
        "{ at = \"/data/books\", path = \"data/books\", allow = [\"read\", \"write\", \"create\", \"delete\"] }",
        &format!("allow = [\"GET http://localhost:{port}/v1/a\"]"),
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    assert!(!text.contains("hidden") && !text.contains("[capabilities.net]"), "{text}");
    // It is enough for the same run, by the line that was said, and for nothing beyond.
    assert!(said.contains(&format!("`cloison run --manifest cloison.toml main.py '{url}'`")), "{output}");
    let again = project.cloison(&["run", "--manifest", "cloison.toml", "main.py", &url]).output().ends_with(0);
    assert_eq!(again.stdout, "text and more\n");
    let beyond = project.cloison(&["run", "--manifest", "cloison.toml", "main.py", &url.replace("/a", "/b")]).output();
    assert!(beyond.stderr.contains("403"), "{beyond}");
    project.cloison(&["explain", "--manifest", "cloison.toml", "main.py"]).output().ends_with(0);
}

#[test]
fn what_nobody_offers_names_the_option_also_if_the_program_catches_the_error() {
    let project = Project::script(CATCHES);
    let output = project.cloison(&[&RECORD[..], &["main.py"]].concat()).output().ends_with(0);
    for hint in [
        "hint: it asked for /etc/hostname, which nothing gives: `--offer files=/etc`",
        "hint: it asked for /etc/made, which nothing gives: `--offer files=/etc:rw`",
        "`--offer http=https://a.example` for its requests, `--offer net=a.example:443`",
        "hint: it asked for the database /data/a.db, which nothing gives: `--offer sqlite3=DIR:rw@/data`",
        "hint: it asked for a program of the machine, which nothing gives: `cloison add process --help`",
    ] {
        assert!(output.stderr.contains(hint), "{hint}\n{output}");
    }
    assert!(
        output.stderr.contains("may be less than it needs") && !output.stderr.contains("this run needed"),
        "{output}"
    );
    // Nobody is asked or told anything where nothing is recorded.
    let plain = project.cloison(&["run", "-"]).stdin(CATCHES).output().ends_with(0);
    assert_eq!((plain.stdout, plain.stderr.as_str()), (output.stdout, ""));
}

#[test]
fn a_root_is_no_folder_that_may_be_gone_and_a_link_or_a_name_that_moves_keeps_what_it_needs() {
    let project = Project::script(FOLDERS).file("data/real/text.txt", "text").file("data/one/a", "");
    project.write("data/other/text.txt", b"other");
    folders(&project, &["data", "data/in", "data/one", "data/two"]);
    std::os::unix::fs::symlink("../real", project.app("data/in/link")).expect("a link");
    binaries::readable(&project.app("data/one/a"), 0o666);
    let output =
        project.cloison(&[&RECORD[..], &["--offer", "files=data:rw", "main.py"]].concat()).output().ends_with(0);
    let text = read(&project, "cloison.toml");
    assert!(!text.contains("/new"), "{text}");
    let again = project.cloison(&["run", "--manifest", "cloison.toml", "main.py"]).output().ends_with(0);
    assert_eq!(again.stdout, output.stdout, "{text}");
}

#[test]
fn what_is_offered_is_in_no_manifest_that_a_program_could_change() {
    let project = Project::script("print('ran')");
    for output in [&[][..], &["--output", "small.toml"]] {
        let offer = ["--offer", "files=.:rw", "main.py"];
        let refused = project.cloison(&[&RECORD[..], output, &offer].concat()).output();
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused}");
        assert!(refused.stderr.contains("a program could change what is recorded there"), "{refused}");
    }
    assert!(!project.app("cloison.toml").exists() && !project.app("small.toml").exists());
    for (offer, hint) in [
        ("process", "cloison add process"),
        ("fils=data", "did you mean `files`?"),
        ("files=none", "No such file"),
        ("http", "https://api.example.com"),
    ] {
        let refused = project.cloison(&[&RECORD[..], &["--offer", offer, "main.py"]].concat()).output();
        assert!(!refused.status.success() && refused.stderr.contains(hint), "{refused}");
    }
    let alone = project.cloison(&["run", "--offer", "net", "main.py"]).output();
    assert_eq!(alone.status.code(), Some(2), "{alone}");
}

#[test]
fn limits_beside_a_program_are_no_grant_that_somebody_has_to_agree_to() {
    let program = "import cloison\nprint(cloison.capability('zlib').crc32(0, b'hello'))\n";
    let project = Project::script(program).file("cloison.toml", "[limits]\nmemory = \"64 MiB\"\n");
    let output = project.cloison(&[&RECORD[..], &["main.py"]].concat()).output().ends_with(0);
    let text = read(&project, "cloison.recorded.toml");
    assert!(text.contains("crc32") && text.contains("memory = \"64 MiB\""), "{text}");
    // The file can be looked at under its own name, by each command that reads one.
    for command in [&["explain"][..], &["check"], &["diff", "cloison.toml"]] {
        let looked = project.cloison(&[command, &["cloison.recorded.toml"]].concat()).output();
        let expected = i32::from(command[0] == "diff");
        assert_eq!(looked.status.code(), Some(expected), "{looked}");
        assert!(command[0] == "check" || looked.stdout.contains("crc32"), "{looked}");
    }
    assert!(output.stderr.contains("`cloison explain --manifest cloison.recorded.toml main.py`"), "{output}");
    project.cloison(&["run", "--manifest", "cloison.recorded.toml", "main.py"]).output().ends_with(0);
    // What it does give, somebody has to agree to, and the hint says so of a recording.
    let project = project.file("cloison.toml", "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n");
    let refused = project.cloison(&[&RECORD[..], &["--output", "x.toml", "main.py"]].concat()).output();
    assert!(!refused.status.success(), "{refused}");
    assert!(refused.stderr.contains("`cloison run --record --manifest ./cloison.toml main.py`"), "{refused}");
    assert!(refused.stderr.contains("capability zlib") && !refused.stderr.contains("capability libm"), "{refused}");
}

#[test]
fn a_folder_is_run_with_another_manifest() {
    let project =
        Project::script("").file("__main__.py", "import cloison\nprint(cloison.capability('zlib').crc32(0, b''))\n");
    let project = project.file("cloison.toml", "");
    let output = project.cloison(&[&RECORD[..], &["."]].concat()).output().ends_with(0);
    assert!(output.stderr.contains("`cloison run --manifest ./cloison.recorded.toml .`"), "{output}");
    project.cloison(&["run", "--manifest", "./cloison.recorded.toml", "."]).output().ends_with(0).prints("0\n");
    project.cloison(&["explain", "--manifest", "./cloison.recorded.toml", "."]).output().ends_with(0);
    let denied = project.cloison(&["run", "."]).output();
    assert!(denied.stderr.contains("CapabilityDenied"), "{denied}");
}

#[test]
fn a_run_that_does_not_end_well_is_marked_as_such() {
    let project = Project::script(ENDS_BADLY);
    for (how, status, says) in [("raises", 1, "it ended with status 1"), ("exits", 3, "it ended with status 3")] {
        let (file, record) = (format!("{how}.toml"), &RECORD[..]);
        let output =
            project.cloison(&[record, &["--output", &file, "main.py", how]].concat()).output().ends_with(status);
        assert!(output.stderr.contains(says) && !output.stderr.contains("is what this run needed"), "{output}");
        let text = read(&project, &file);
        assert!(text.starts_with("# UNFINISHED") && text.contains(says) && text.contains("crc32"), "{text}");
    }
    let waits = [&RECORD[..], &["--output", "waits.toml", "main.py", "waits"]].concat();
    let mut running = project.cloison(&waits).start_with(std::process::Stdio::piped());
    let mut line = [0; 1];
    std::io::Read::read_exact(&mut running.stdout(), &mut line).expect("it has called");
    running.interrupt();
    let output = running.finish();
    assert!(output.stderr.contains("not what it needs: it was stopped by a signal"), "{output}");
    assert!(read(&project, "waits.toml").starts_with("# UNFINISHED"));
}

#[test]
fn where_no_file_can_be_made_the_cause_is_said() {
    let project = Project::script("print('ran')");
    folders(&project, &["there"]);
    for (path, cause, hint) in [
        ("none/x.toml", "No such file or directory", "make its folder first"),
        ("/dev/null/x.toml", "cannot be written there", "in which you may make one"),
        ("there", "there is one", "name a file in it"),
        ("main.py", "there is one", "remove it"),
    ] {
        let refused = project.cloison(&[&RECORD[..], &["--output", path, "main.py"]].concat()).output();
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused}");
        assert!(refused.stderr.contains(cause) && refused.stderr.contains(hint), "{path}: {refused}");
        assert_eq!(refused.stderr.contains("remove it"), path == "main.py", "{refused}");
    }
}

#[test]
fn a_name_that_is_nearly_one_says_which() {
    let project = Project::script(MISSPELLED);
    let output = project.cloison(&[&RECORD[..], &["main.py"]].concat()).output().ends_with(0);
    assert!(output.stdout.contains("did you mean \"zlib\"?"), "{output}");
    assert!(output.stderr.contains("the capability \"zlb\", which nothing gives: did you mean \"zlib\"?"), "{output}");
    let refused =
        project.cloison(&[&RECORD[..], &["--zone", "zllib", "--output", "x.toml", "main.py"]].concat()).output();
    assert!(refused.stderr.contains("did you mean `zlib`?"), "{refused}");
    let refused =
        project.cloison(&[&RECORD[..], &["--zone", "sqlite3", "--output", "x.toml", "main.py"]].concat()).output();
    assert!(refused.stderr.contains("`--offer sqlite3`"), "{refused}");
}

#[test]
fn a_zone_is_recorded_by_who_may_not_read_all_of_its_folder() {
    let zone = "[zone]\nname = \"reader\"\nversion = \"1.0.0\"\nlibrary = { path = \"libreader.so\" }\n\
        [sandbox]\nfiles = [{ read = \"$here/in\" }]\n\
        [functions.look]\nc = \"int look(const char *path)\"\n";
    let library = "#include <fcntl.h>\nint look(const char *path) { return open(path, O_RDONLY) < 0; }\n";
    let program = include_str!("../python/record/looks.py");
    for (index, &user) in users().iter().enumerate() {
        let project = Project::script(program)
            .file("reader.zone.toml", zone)
            .library("libreader.so", library)
            .file("in/a", "a")
            .file("in/closed/b", "b");
        binaries::readable(project.folder(), 0o777);
        binaries::readable(&project.app(""), 0o777);
        binaries::readable(&project.app("in"), 0o755);
        binaries::readable(&project.app("in/closed"), 0o700);
        let path = project.app("in/a").canonicalize().expect("it is there");
        let path = path.to_str().expect("UTF-8");
        let record = ["zone", "record", "--record-anyway", "reader.zone.toml", "--", "main.py", path];
        let output = project.cloison(&record).user(user).output().ends_with(0);
        let text = read(&project, "reader.recorded.zone.toml");
        assert!(text.contains("{ read = \"$here/in/a\" }"), "{text}");
        // The first is who owns it all.
        assert_eq!(output.stderr.contains("you may not read "), index > 0, "{output}");
        assert!(!output.stderr.contains("max_user_watches"), "{output}");
    }
}
