//! What a manifest gives a library besides its file: variables, a private folder, libraries that go with it.

use crate::common;
use crate::common::Argument::{Bytes, Word};
use crate::program::{Zone, fail, fail_with_company};
use cloison_contract::Interface;
use cloison_contract::interface::Instances;
use cloison_contract::message::{ChannelId, FromZone};
use cloison_transport::client::Caller;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn interface(instances: Instances) -> Interface {
    common::manifest("company", instances)
}

/// The library alone.
fn library() -> (tempfile::TempDir, PathBuf) {
    common::compile("company.c", &[])
}

fn zone(interface: Interface) -> Zone {
    Zone::start_with(interface, library())
}

/// A small library of one function, in a folder of its own.
fn small(name: &str, source: &str, options: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let (text, file) = (folder.path().join("s.c"), folder.path().join(name));
    std::fs::write(&text, source).expect("written");
    let mut compiler = Command::new("cc");
    compiler.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").args(["-shared", "-fPIC", "-o"]);
    assert!(compiler.arg(&file).arg(&text).args(options).status().expect("a C compiler").success());
    (folder, file)
}

/// Whether a function says so.
fn says(zone: &mut Zone, name: &str, texts: &[&str]) -> bool {
    let texts: Vec<_> = texts.iter().map(|text| Bytes(text.as_bytes())).collect();
    zone.value(name, &texts) != 0
}

fn number(zone: &mut Zone, name: &str, texts: &[&str]) -> i32 {
    let texts: Vec<_> = texts.iter().map(|text| Bytes(text.as_bytes())).collect();
    zone.value(name, &texts) as i32
}

/// What a start that fails says.
fn failure(second: Option<FromZone>) -> String {
    match second {
        Some(FromZone::Failed { step, message, .. }) => format!("{step}: {message}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn variables_are_those_of_the_manifest_from_the_first_constructor_on() {
    let mut alone = zone(interface(Instances::Shared));
    assert!(says(&mut alone, "mode_is", &["unset"]) && alone.value("variables", &[]) == 0);
    let mut interface = interface(Instances::Shared);
    interface.sandbox.environment = [("COMPANY_MODE", "fast"), ("EMPTY", ""), ("TZ", "UTC")]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
    let mut zone = zone(interface);
    assert!(says(&mut zone, "mode_is", &["fast"]), "a constructor finds it");
    assert_eq!(zone.value("variables", &[]), 3, "and nothing else");
    assert!(says(&mut zone, "variable_is", &["EMPTY", ""]) && says(&mut zone, "variable_is", &["TZ", "UTC"]));
    // What one client's calls have changed is put back before another one's turn, however it was changed.
    for change in
        [&["set_variable", "COMPANY_MODE", "slow"][..], &["set_variable", "MORE", "x"], &["spoil_variable", "TZ"]]
    {
        assert_eq!(number(&mut zone, change[0], &change[1..]), 0);
        let (_channel, caller) = zone.attach(ChannelId(2));
        let seen = |caller: &mut Caller, name: &str, texts: &[&str], zone: &Zone| {
            let texts: Vec<_> = texts.iter().map(|text| Bytes(text.as_bytes())).collect();
            let request = common::request(common::id(&zone.interface, name), &texts, caller.arena());
            caller.call(&request, Duration::from_secs(20)).expect("a reply");
            caller.reply().words[0]
        };
        let mut caller = caller;
        assert_eq!(seen(&mut caller, "variables", &[], &zone), 3, "{change:?}");
        assert_eq!(seen(&mut caller, "variable_is", &["COMPANY_MODE", "fast"], &zone), 1, "{change:?}");
        assert_eq!(seen(&mut caller, "variable_is", &["TZ", "UTC"], &zone), 1, "{change:?}");
        // As the broker lets a client go.
        zone.control.send(&cloison_contract::message::ToZone::Detach { channel: ChannelId(2) }, &[]).expect("sent");
        zone.status.ring();
        let left = zone.control.receive::<FromZone>().expect("an answer").0;
        assert!(matches!(left, FromZone::Detached { channel: ChannelId(2) }), "{left:?}");
    }
}

#[test]
fn a_private_folder_holds_data_and_never_code() {
    let nothing = [libc::ENOENT, libc::EACCES];
    let mut without = zone(interface(Instances::PerClient));
    assert!(nothing.contains(&-number(&mut without, "make", &["/tmp/x"])));
    assert!(nothing.contains(&-(without.value("temporary", &[Word(1)]) as i32)));
    let with = || {
        let mut interface = interface(Instances::PerClient);
        (interface.sandbox.scratch_bytes, interface.sandbox.file_size_bytes) = (Some(256 << 10), 512 << 10);
        interface
    };
    let (mut one, mut two) = (zone(with()), zone(with()));
    assert_eq!(one.value("temporary", &[Word(64)]), 64);
    assert_eq!(number(&mut one, "make", &["/tmp/x"]), 0);
    assert_eq!(number(&mut one, "make", &["/tmp/x"]), -libc::EEXIST, "it is kept");
    assert!(says(&mut one, "there", &["/tmp/x"]) && !says(&mut two, "there", &["/tmp/x"]), "and nobody else's");
    // Beyond its size there is no room. What was removed is room again.
    assert_eq!(one.value("temporary", &[Word(300)]) as i32, -libc::ENOSPC);
    assert_eq!(one.value("temporary", &[Word(64)]), 64);
    // Nothing else can be written, and what was written is no code, before the seal and after it.
    for path in ["/x", "/etc/x", "/usr/lib/x", "/scratch", "/tmp/../x"] {
        let refused = -number(&mut one, "make", &[path]);
        assert!([libc::EROFS, libc::EACCES, libc::ENOENT].contains(&refused), "{path}: {refused}");
    }
    for (name, refused) in [("early", one.value("early", &[])), ("late", one.value("late", &[]))] {
        assert!([libc::EPERM, libc::EACCES].contains(&(refused as i32)), "{name}: {refused}");
    }
    // Outside of the zone nothing has come of it.
    assert!(!Path::new("/tmp/x").exists() && !Path::new("/tmp/early").exists());
}

const OTHER: &str = "int other(int number) { return 3 * number; }";

#[test]
fn libraries_that_another_one_needs_are_where_the_manifest_says() {
    let (_other_folder, other) = small("libother.so.1", OTHER, &["-Wl,-soname,libother.so.1"]);
    let needing = |more: &[&str]| {
        let linked = [&["-DNEEDS", other.to_str().expect("text")], more].concat();
        common::compile("company.c", &linked)
    };
    let mut interface = interface(Instances::Shared);
    let (_folder, file) = needing(&[]);
    let told = failure(fail(&interface, File::open(file).expect("opened")));
    assert!(told.starts_with("load: ") && told.contains("libother.so.1: cannot open"), "{told}");
    interface.library.needs = vec!["libother.so.1".into()];
    let mut zone = Zone::start_with_company(interface.clone(), needing(&[]), std::slice::from_ref(&other));
    assert_eq!(zone.value("asks_other", &[Word(7)]), 21);
    // By a link, beside the library, as its RUNPATH says: the file is what counts.
    let (folder, file) = needing(&["-Wl,-rpath,$ORIGIN"]);
    let link = folder.path().join("libother.so.1");
    std::os::unix::fs::symlink(&other, &link).expect("a link");
    let mut zone = Zone::start_with_company(interface.clone(), (folder, file), &[link]);
    assert_eq!(zone.value("asks_other", &[Word(2)]), 6);
    // In that order: one that needs another one stands behind it.
    let more = "int other(int); int more(int number) { return other(number); }";
    let (_more_folder, more) = small("libmore.so", more, &[other.to_str().expect("text"), "-Wl,-soname,libmore.so"]);
    interface.library.needs = vec!["libmore.so".into(), "libother.so.1".into()];
    let (_folder, file) = needing(&[]);
    let company = [more, other.clone()];
    let told = failure(fail_with_company(&interface, File::open(file).expect("opened"), &company));
    assert!(told.contains("libmore.so: libother.so.1: cannot open"), "{told}");
    interface.library.needs.reverse();
    let [more, other] = company;
    let mut zone = Zone::start_with_company(interface, needing(&[]), &[other, more]);
    assert_eq!(zone.value("asks_other", &[Word(5)]), 15);
}

/// A host that is no broker cannot leave one out, or send something else.
#[test]
fn a_library_that_is_missing_is_no_start() {
    let mut interface = interface(Instances::Shared);
    interface.library.needs = vec!["text".into()];
    let (folder, file) = library();
    let text = folder.path().join("text");
    std::fs::write(&text, "no library").expect("written");
    let told = failure(fail_with_company(&interface, File::open(file).expect("opened"), &[text]));
    assert!(told.starts_with("load: company.zone.toml:4: text: ") && told.contains("file too short"), "{told}");
}

#[test]
fn what_is_loaded_beforehand_can_be_opened_afterwards() {
    let (_folder, plug) = small("plug.so", "int twice(int number) { return 2 * number; }", &[]);
    let path = plug.to_str().expect("text").to_owned();
    let twice = |zone: &mut Zone| zone.value("plugin", &[Bytes(path.as_bytes()), Word(21)]) as i32;
    let mut interface = interface(Instances::Shared);
    assert_eq!(twice(&mut zone(interface.clone())), -1, "nothing is loaded after the seal");
    interface.library.preload = vec!["plug.so".into()];
    let mut with = Zone::start_with_company(interface, library(), std::slice::from_ref(&plug));
    assert_eq!(twice(&mut with), 42);
    // That lets nobody read it.
    assert!(!says(&mut with, "there", &["/etc/passwd"]));
    assert_eq!(number(&mut with, "make", &[&path]), -libc::EACCES);
}

#[test]
fn conversions_of_characters_are_there_if_they_were_loaded_beforehand() {
    const MODULE: &str = "/usr/lib/x86_64-linux-gnu/gconv/ISO8859-2.so";
    if !Path::new(MODULE).exists() {
        eprintln!("there is no {MODULE}: its package is not installed");
        return;
    }
    let converted = |zone: &mut Zone| zone.value("convert", &[Bytes(b"ISO-8859-2"), Word(0xb9)]) as i32;
    let mut interface = interface(Instances::Shared);
    let mut without = zone(interface.clone());
    assert_eq!(converted(&mut without), -1);
    let built_in = without.value("convert", &[Bytes(b"UTF-8"), Word(u64::from(b'a'))]) as i32;
    assert_eq!(built_in, i32::from(b'a'), "what is built in is there in every zone");
    interface.library.preload = vec![MODULE.into()];
    let mut with = Zone::start_with_company(interface, library(), &[MODULE.into()]);
    assert_eq!(converted(&mut with), 0x161, "LATIN SMALL LETTER S WITH CARON");
}
