//! Files that only some functions need: what a library that has been taken over can do with them, by what its client was granted.

use crate::common;
use crate::common::Argument::{Bytes, Word};
use crate::program::Zone;
use cloison_contract::call::Status;
use cloison_contract::interface::Instances;
use cloison_contract::{FunctionId, Grant, Interface};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many things `get` and `put` can be asked to do. The first is to read; the others change something.
const ATTEMPTS: u64 = 10;
const CONTENTS: &str = "contents";

/// A folder that every user may write, with one file.
fn store() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    fs::create_dir(&store).expect("a folder");
    fs::write(store.join("data"), CONTENTS).expect("a file");
    for (path, mode) in [(folder.path().to_owned(), 0o755), (store.clone(), 0o777), (store.join("data"), 0o666)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
    }
    folder
}

fn interface(instances: Instances, folder: &Path) -> Interface {
    let mut interface = common::manifest("needed", instances);
    interface.sandbox = interface.sandbox.placed(folder.to_str().expect("text"));
    interface
}

fn grant(interface: &Interface, names: &[&str]) -> Grant {
    Grant::new(names.iter().map(|name| common::id(interface, name)))
}

fn library() -> (tempfile::TempDir, PathBuf) {
    common::compile("needed.c", &[])
}

/// The errors of all attempts of that function; 0 is none.
fn attempts(zone: &mut Zone, function: &str, folder: &Path) -> Vec<i32> {
    let store = folder.join("store");
    let store = store.to_str().expect("text");
    (0..ATTEMPTS).map(|how| zone.value(function, &[Bytes(store.as_bytes()), Word(how)]) as i32).collect()
}

/// What is in the folder, as its owner sees it.
fn found(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder.join("store")).expect("it is there").flatten();
    let mut found: Vec<_> = entries
        .map(|entry| {
            (entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path()).unwrap_or_default())
        })
        .collect();
    found.sort();
    found
}

/// Each grant, and what the zone's check and the operating system each say of each function, in both kinds of instances.
#[test]
fn a_sandbox_goes_by_what_its_client_may_call() {
    const NAMES: [&str; 3] = ["get", "put", "count"];
    for instances in [Instances::PerClient, Instances::PerCall] {
        for granted in [&["get"][..], &["put"], &["get", "put"], &["count"], &["get", "count"]] {
            let folder = store();
            let mut interface = interface(instances, folder.path());
            let grant = grant(&interface, granted);
            // As the broker does.
            interface.sandbox = interface.sandbox.under(&grant.functions);
            let mut zone = Zone::start_for(grant, interface, library());
            let store = folder.path().join("store");
            let arguments = [Bytes(store.to_str().expect("text").as_bytes()), Word(0)];
            for name in NAMES {
                let arguments = if name == "count" { &[][..] } else { &arguments };
                let status = zone.call(name, arguments, Duration::from_secs(20)).expect("a reply").status;
                let expected = if granted.contains(&name) { Status::Ok } else { Status::Denied };
                assert_eq!(status, expected, "{name} of {granted:?}, {instances:?}");
            }
            for name in ["get", "put"].into_iter().filter(|name| granted.contains(name)) {
                let errors = attempts(&mut zone, name, folder.path());
                let writes = granted.contains(&"put");
                // Where it may write, all of it is possible once: the last one removes the file.
                let expected = |error: &i32| match writes {
                    true => *error == 0,
                    false => [libc::EACCES, libc::EROFS, libc::EPERM].contains(error),
                };
                assert_eq!(errors[0], 0, "{name} reads: {granted:?}, {instances:?}");
                assert!(errors[1..].iter().all(expected), "{name} of {granted:?}, {instances:?}: {errors:?}");
                let contents = vec![("data".to_owned(), CONTENTS.to_owned())];
                assert_eq!(found(folder.path()), if writes { Vec::new() } else { contents }, "{granted:?}");
                if writes {
                    break;
                }
            }
        }
    }
}

/// Who was granted neither does not see the folder at all, whatever the function is that the library has been taken over by.
#[test]
fn what_no_function_needs_that_was_granted_is_not_there() {
    let folder = store();
    let mut interface = interface(Instances::PerClient, folder.path());
    let nothing = grant(&interface, &["count"]);
    interface.sandbox = interface.sandbox.under(&nothing.functions);
    // The zone's check is left out: it lets everything through.
    let mut zone = Zone::start_with(interface, library());
    let errors = attempts(&mut zone, "put", folder.path());
    let refused = [libc::EACCES, libc::ENOENT, libc::EPERM, libc::EROFS];
    assert!(errors.iter().all(|error| refused.contains(error)), "{errors:?}");
    assert_eq!(found(folder.path()), [("data".to_owned(), CONTENTS.to_owned())]);
}

/// A reader's instance stays one if the zone's own check has been got around.
#[test]
fn a_reader_s_instance_writes_for_nobody() {
    let folder = store();
    let mut interface = interface(Instances::PerClient, folder.path());
    let reader = grant(&interface, &["get"]);
    interface.sandbox = interface.sandbox.under(&reader.functions);
    let mut zone = Zone::start_with(interface, library());
    let errors = attempts(&mut zone, "put", folder.path());
    let refused = [libc::EACCES, libc::EPERM, libc::EROFS];
    assert!(errors[0] == 0 && errors[1..].iter().all(|error| refused.contains(error)), "{errors:?}");
    assert_eq!(found(folder.path()), [("data".to_owned(), CONTENTS.to_owned())]);
}

/// A zone that nobody has told which of these files it has, has none of them.
#[test]
fn without_a_word_of_the_broker_there_is_nothing() {
    let folder = store();
    let interface = interface(Instances::PerClient, folder.path());
    let all: Vec<_> = (0..interface.functions.len() as u32).map(FunctionId).collect();
    let mut zone = Zone::start_for(Grant::new(all), interface, library());
    let errors = attempts(&mut zone, "put", folder.path());
    assert!(errors.iter().all(|error| *error != 0), "{errors:?}");
    assert_eq!(found(folder.path()), [("data".to_owned(), CONTENTS.to_owned())]);
}
