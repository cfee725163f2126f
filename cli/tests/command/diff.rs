//! `cloison diff`, by running it: what it says, and its exit status.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const OLD: &str = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\nwhere = { crc32 = \"len <= 10\" }\n";
const NEW: &str =
    "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\", \"adler32\"]\nwhere = { crc32 = \"len <= 9\" }\n";

/// A folder with an application of each in `old/` and `new/`.
fn folder(old: &str, new: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("old", old), ("new", new)] {
        fs::create_dir(folder.path().join(name)).expect("a folder");
        fs::write(folder.path().join(name).join("cloison.toml"), text).expect("a file");
    }
    folder
}

/// Exit status, standard output and standard error.
fn diff(folder: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloison"));
    command.arg("diff").args(arguments).current_dir(folder);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("cloison");
    // Whoever does not read it may have ended already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("an end");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_status_says_whether_more_is_granted() {
    let folder = folder(OLD, NEW);
    let (status, out, err) = diff(folder.path(), &["old", "new/cloison.toml"], "");
    let more = "new/cloison.toml grants more than old/:\n  by the capability zlib (new/cloison.toml:3)\n    \
                call adler32 of libz.so.1\n";
    let less = "new/cloison.toml grants less than old/:\n  by the capability zlib (new/cloison.toml:3)\n    \
                crc32 only if len <= 9 (was len <= 10)\n";
    assert_eq!((status, out, err), (Some(1), format!("{more}{less}"), String::new()));
    // The other way round the condition is wider.
    let (status, out, _) = diff(folder.path(), &["new", "old"], "");
    assert_eq!(status, Some(1), "{out}");
    let narrower = OLD.replace("len <= 10", "len < 10");
    fs::write(folder.path().join("new/cloison.toml"), narrower).expect("a file");
    let (status, out, _) = diff(folder.path(), &["old", "new"], "");
    assert!(status == Some(0) && out.starts_with("new/ grants no more than old/.\n"), "{out}");
    let (status, out, _) = diff(folder.path(), &["old", "old"], "");
    assert_eq!((status, out.as_str()), (Some(0), "old/ grants what old/ grants.\n"));
}

/// As `git show main:cloison.toml` has it: paths are those of the other one.
#[test]
fn one_of_them_may_come_by_standard_input() {
    let zone = "[zone]\nname = \"own\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libc.so.6\" }\n\
                [functions.abs]\nc = \"int abs(int n)\"\n[functions.labs]\nc = \"long labs(long n)\"\n";
    let text = "[capabilities.own]\nzone = \"own.zone.toml\"\nallow = [\"abs\", \"labs\"]\n";
    let folder = folder("", text);
    fs::write(folder.path().join("new/own.zone.toml"), zone).expect("a file");
    let before = text.replace(", \"labs\"", "");
    let (status, out, err) = diff(folder.path(), &["-", "new"], &before);
    assert!(status == Some(1) && out.contains("    call labs of libc.so.6\n"), "{out}{err}");
    let (status, out, err) = diff(folder.path(), &["new", "-"], &before);
    assert!(status == Some(0) && out.starts_with("<stdin> grants no more than new/.\n"), "{out}{err}");
    let (status, out, err) = diff(folder.path(), &["/dev/null", "new"], "");
    assert!(status == Some(1) && out.contains("call abs and labs of libc.so.6"), "{out}{err}");
    let (status, _, err) = diff(folder.path(), &["-", "-"], "");
    assert!(status == Some(2) && err.contains("only one of the two") && err.contains("hint: "), "{err}");
}

#[test]
fn what_cannot_be_read_is_no_answer() {
    let folder = folder(OLD, "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc33\"]\n");
    let (status, out, err) = diff(folder.path(), &["old", "new"], "");
    assert!(status == Some(2) && out.is_empty() && err.contains("new/cloison.toml:3:10"), "{out}{err}");
    let (status, _, err) = diff(folder.path(), &["old", "none"], "");
    assert!(status == Some(2) && err.contains("none"), "{err}");
    fs::remove_file(folder.path().join("new/cloison.toml")).expect("ours");
    let (status, _, err) = diff(folder.path(), &["new", "old"], "");
    assert!(status == Some(2) && err.contains("new/cloison.toml"), "{err}");
    let (status, _, err) = diff(folder.path(), &["-", "old"], "[capabilities");
    assert!(status == Some(2) && err.contains("<stdin>:1"), "{err}");
    // A version that the zone has not got is a mistake as well.
    fs::write(folder.path().join("new/cloison.toml"), OLD.replace("allow", "version = \"2\"\nallow")).expect("a file");
    let (status, _, err) = diff(folder.path(), &["old", "new"], "");
    assert!(status == Some(2) && err.contains("version 1.0.0 of its interface, and \"2\" is asked for"), "{err}");
}

/// A name in a manifest does not write lines of ours, nor move a terminal's cursor.
#[test]
fn what_a_terminal_obeys_is_escaped() {
    let folder = folder("", "[app]\nsite_packages = [\"a\\n  import modules from b\\u001b[2J\\u202e\"]\n");
    let (status, out, _) = diff(folder.path(), &["old", "new"], "");
    assert_eq!(status, Some(1));
    assert!(out.contains("  import modules from a\\u{a}  import modules from b\\u{1b}[2J\\u{202e}\n"), "{out}");
}

#[test]
fn it_is_data_as_well() {
    let folder = folder(OLD, NEW);
    let (status, out, _) = diff(folder.path(), &["old", "new", "--json"], "");
    assert_eq!(status, Some(1));
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&json["old"], &json["new"]), (&"old/".into(), &"new/".into()));
    let more = &json["more"][0];
    assert_eq!((&more["capability"], &more["declared"]), (&"zlib".into(), &"new/cloison.toml:3".into()));
    assert_eq!(more["what"], "call adler32 of libz.so.1");
    assert_eq!(json["less"].as_array().map(Vec::len), Some(1));
    assert_eq!(json["other"].as_array().map(Vec::len), Some(0));
}
