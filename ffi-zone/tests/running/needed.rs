//! Files, ports and threads that only some functions need: what a library that has been taken over can do with them, by what its client was
//! granted. The part of the operating system in the matrix of rights and narrowings (`common/matrix.rs`).

use crate::common;
use crate::common::Argument::{Bytes, Word};
use crate::program::Zone;
use cloison_contract::call::Status;
use cloison_contract::interface::{Instances, LibraryNeed};
use cloison_contract::message::{FromZone, LayerState};
use cloison_contract::{FunctionId, Grant, Interface};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many things each function can be asked to do with the folder. The first is to read; the others change something.
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

/// What is tried, by the number that C knows it by, and what has to be there for it to succeed.
enum Attempt {
    Read,
    Write,
    /// The port, and how its address is written: see `needed.c`.
    Connect(u16, u64),
    Thread,
    /// Whatever is granted, it cannot be done.
    Never(u64),
}

impl Attempt {
    fn number(&self) -> u64 {
        match self {
            Self::Read => 0,
            Self::Write => 1,
            Self::Thread => 10,
            Self::Connect(port, way) => way << 16 | u64::from(*port),
            Self::Never(number) => *number,
        }
    }

    /// Whether that is what it takes.
    fn takes(&self, need: &LibraryNeed) -> bool {
        match (self, need) {
            (Self::Read, LibraryNeed::File(_)) => true,
            (Self::Write, LibraryNeed::File(rule)) => rule.write,
            (Self::Connect(port, V4 | V6 | MAPPED), LibraryNeed::Connect(named)) => port == named,
            (Self::Thread, LibraryNeed::Processes(most)) => *most > 0,
            _ => false,
        }
    }
}

/// Addresses of IPv4, of IPv6, and of IPv4 in one of IPv6; and the first two by data that is sent without `connect`.
const V4: u64 = 1;
const V6: u64 = 2;
const MAPPED: u64 = 3;
const V4_FAST: u64 = 4;
const V6_FAST: u64 = 5;

/// A port of all addresses of this machine, and whether IPv6 is among them.
fn listener() -> (TcpListener, bool) {
    match TcpListener::bind("[::]:0") {
        Ok(listener) if TcpStream::connect(("::1", port(&listener))).is_ok() => (listener, true),
        _ => (TcpListener::bind("127.0.0.1:0").expect("a port"), false),
    }
}

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("an address").port()
}

/// A port at which everybody is told something.
fn server(listener: TcpListener) -> u16 {
    let port = port(&listener);
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.write_all(b"!");
        }
    });
    port
}

/// Each set of functions that somebody may be granted, and of each thing that functions need, and of some that none can have, whether the
/// library can do it. The zone's check is left out: it lets every function be called.
#[test]
fn each_need_is_there_for_who_may_call_what_needs_it_and_for_nobody_else() {
    const NAMES: [&str; 4] = ["get", "put", "fetch", "sort"];
    let ((serving, has_v6), (silent, _)) = (listener(), listener());
    let (port, other) = (server(serving), port(&silent));
    silent.set_nonblocking(true).expect("a socket");
    // By whom it was looked for whether there is IPv6.
    while silent.accept().is_ok() {}
    if !has_v6 {
        eprintln!("not tested: this machine has no IPv6 to connect with");
    }
    let ways = if has_v6 { &[V4, V6, MAPPED][..] } else { &[V4] };
    let connect = ways.iter().map(|way| Attempt::Connect(port, *way));
    let beyond = [V4, V6, MAPPED, V4_FAST, V6_FAST].map(|way| Attempt::Connect(other, way));
    let unseen = [V4_FAST, V6_FAST].map(|way| Attempt::Connect(port, way));
    let never: Vec<_> = (11..=17).map(Attempt::Never).chain(beyond).chain(unseen).collect();
    let (connects, nevers) = (ways.len(), never.len());
    let attempts = [Attempt::Read, Attempt::Write, Attempt::Thread];
    let attempts: Vec<_> = attempts.into_iter().chain(connect).chain(never).collect();
    let mut told = [0; 2];
    for instances in [Instances::PerClient, Instances::PerCall] {
        for bits in 0..1 << NAMES.len() {
            let granted: Vec<_> = (0..NAMES.len()).filter(|bit| bits & (1 << bit) != 0).map(|bit| NAMES[bit]).collect();
            let folder = store();
            let mut interface = interface(instances, folder.path());
            for needed in &mut interface.sandbox.needed {
                if let LibraryNeed::Connect(named) = &mut needed.what {
                    *named = port;
                }
            }
            let functions: BTreeSet<_> = granted.iter().map(|name| common::id(&interface, name)).collect();
            let needed = interface.sandbox.needed.clone();
            let there: Vec<_> = needed.iter().filter(|needed| !needed.by.is_disjoint(&functions)).collect();
            // As the broker does.
            interface.sandbox = interface.sandbox.under(&functions);
            let mut zone = Zone::start_with(interface, library());
            let store = folder.path().join("store");
            for attempt in &attempts {
                let arguments = [Bytes(store.to_str().expect("text").as_bytes()), Word(attempt.number())];
                let error = zone.value("get", &arguments) as i32;
                let allowed = there.iter().any(|needed| attempt.takes(&needed.what));
                let number = attempt.number();
                match allowed {
                    true => assert_eq!(error, 0, "attempt {number} with {granted:?}, {instances:?}"),
                    false => assert!(
                        [libc::EACCES, libc::EAGAIN, libc::ENOENT, libc::EPERM, libc::EROFS].contains(&error),
                        "attempt {number} with {granted:?}, {instances:?}: {error}"
                    ),
                }
                told[usize::from(allowed)] += 1;
            }
        }
    }
    // Half of all sets have each of the functions, and those that write can read.
    assert_eq!(told, [2 * (4 + 8 + 8 + 8 * connects + nevers * 16), 2 * (12 + 8 + 8 + 8 * connects)]);
    assert!(silent.accept().is_err(), "somebody has reached what nobody may");
}

/// A zone says itself whether it is in a network.
#[test]
fn only_who_needs_the_network_is_in_it() {
    for (granted, state) in [("get", LayerState::On), ("fetch", LayerState::Off)] {
        let folder = store();
        let mut interface = interface(Instances::PerClient, folder.path());
        let functions = grant(&interface, &[granted]).functions;
        interface.sandbox = interface.sandbox.under(&functions);
        let (_library, file) = library();
        let file = fs::File::open(file).expect("it is there");
        let (_control, _status, family, first, _) = crate::program::start(&interface, file);
        let FromZone::Jailed(jailed) = first else { panic!("{first:?}") };
        let layer = jailed.layers.iter().find(|layer| layer.name == "network-namespace").expect("it is told");
        assert_eq!(layer.state, state, "{granted}");
        for one in family.into_iter().flatten() {
            let _ = rustix::process::kill_process(one, rustix::process::Signal::KILL);
            crate::program::waited(one);
        }
    }
}
