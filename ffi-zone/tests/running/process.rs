//! The real program in its real sandbox, started as the broker starts it: what its parent sees when a C function
//! misbehaves, and what the functions can reach.

use crate::common;
use crate::common::Argument::{Bytes, Word};
use crate::program::{Zone, fail, signal, start, waited};
use cloison_contract::call::Status;
use cloison_contract::interface::{FileRule, Instances};
use cloison_contract::message::{ChannelId, FromZone};
use cloison_transport::client::CallError;
use cloison_transport::control::Control;
use rustix::process::{Signal, kill_process};
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn calls_are_served_from_inside_the_sandbox() {
    let mut zone = Zone::start();
    assert_eq!(zone.value("sum", &[Bytes(&[1; 1000])]), 1000);
    let open = zone.value("open_file", &[Bytes(b"/etc/passwd")]) as i64 as i32;
    assert!(open == -libc::EACCES || open == -libc::ENOENT, "{open}");
    // 64 MiB for the library and no more than what belongs to the zone itself beyond.
    let eaten = zone.value("eat", &[Word(1 << 40)]) >> 20;
    assert!((60..100).contains(&eaten), "{eaten} MiB");
    assert_eq!(zone.value("sum", &[Bytes(b"\x01")]), 1, "still there");
}

#[test]
fn a_constructor_finds_nothing_that_it_could_make_code() {
    let mut zone = Zone::start_with(common::hostile_interface(), common::hostile(0));
    // The control socket, output, error, the library: which alone is mapped as code, and cannot be written.
    let opened = zone.value("opened", &[]) as u32;
    assert_eq!((opened & 0b111, opened.count_ones()), (0b111, 4), "{opened:b}");
    assert_eq!(zone.value("code", &[]), 0);
}

#[test]
fn a_constructor_that_answers_for_the_seal_is_found_out() {
    for (filter, told) in [(1, "seccomp lets code be mapped"), (2, "Landlock lets"), (3, "Landlock lets")] {
        let (_folder, file) = common::hostile(filter);
        let second = fail(&common::hostile_interface(), File::open(file).expect("opened"));
        let Some(FromZone::Failed { step, message, .. }) = second else { panic!("{second:?}") };
        assert_eq!(step, "seal");
        assert!(message.contains("the seal does not hold") && message.contains(told), "{message}");
    }
}

#[test]
fn what_fails_before_the_jail_is_closed_leaves_nothing_unknown() {
    let (folder, file) = common::compiled();
    // More folders than the root has room for: it cannot be built.
    let deep = (0..300).fold(folder.path().to_owned(), |path, _| path.join("d"));
    std::fs::create_dir_all(&deep).expect("folders");
    let mut interface = common::interface(Instances::Shared);
    interface.sandbox.files = vec![FileRule { path: deep.to_str().expect("text").into(), write: false }];
    let (_control, _status, [worker, init], first, _) = start(&interface, File::open(file).expect("opened"));
    assert!(matches!(&first, FromZone::Failed { step, .. } if step == "jail"), "{first:?}");
    assert_eq!(waited(worker.expect("a worker")).exit_status(), Some(1));
    waited(init.expect("an init"));
}

#[test]
fn every_death_is_seen_as_what_it_was() {
    assert_eq!(Zone::start().death("dereference", &[]).terminating_signal(), signal(Signal::SEGV));
    assert_eq!(Zone::start().death("overflow", &[Word(0)]).terminating_signal(), signal(Signal::SEGV));
    assert_eq!(Zone::start().death("give_up", &[]).terminating_signal(), signal(Signal::ABORT));
    assert_eq!(Zone::start().death("exec", &[]).terminating_signal(), signal(Signal::SYS));
    assert_eq!(Zone::start().death("leave", &[Word(0)]).exit_status(), Some(0));
    assert_eq!(Zone::start().death("leave", &[Word(3)]).exit_status(), Some(3));
}

#[test]
fn a_loop_is_ended_by_the_broker_and_takes_nothing_along() {
    let mut zone = Zone::start();
    assert_eq!(zone.call("spin", &[], Duration::from_millis(100)).err(), Some(CallError::DeadlineExceeded));
    zone.runs();
    kill_process(zone.worker.expect("a worker"), Signal::KILL).expect("killed");
    assert_eq!(zone.end().terminating_signal(), signal(Signal::KILL));
}

#[test]
fn the_zone_ends_when_its_broker_hangs_up() {
    let mut zone = Zone::start();
    assert_eq!(zone.value("wide", &[Word(1)]), 1);
    let (closed, _) = Control::pair().expect("sockets");
    drop(std::mem::replace(&mut zone.control, closed));
    zone.end();
}

#[test]
fn a_symbol_that_is_not_there_names_the_line_of_the_manifest() {
    let (_folder, file) = common::compiled();
    let mut interface = common::interface(Instances::Shared);
    let add = common::id(&interface, "add");
    let function = &mut interface.functions[add.0 as usize];
    function.symbol = "ad".into();
    function.declared.line = 31;
    let second = fail(&interface, File::open(file).expect("opened"));
    let Some(FromZone::Failed { step, message, hint, .. }) = second else { panic!("{second:?}") };
    assert_eq!((step.as_str(), message.as_str()), ("symbol", "library.zone.toml:31: the library has no function `ad`"));
    assert_eq!(hint.as_deref(), Some("did you mean `add`?"));
}

#[test]
fn what_is_no_library_is_refused_from_inside_the_sandbox() {
    let (folder, _) = common::compiled();
    let file = folder.path().join("no-library.so");
    std::fs::write(&file, "nothing of the kind").expect("written");
    let interface = common::interface(Instances::Shared);
    let second = fail(&interface, File::open(file).expect("opened"));
    assert!(matches!(&second, Some(FromZone::Failed { step, .. }) if step == "load"), "{second:?}");
}

#[test]
fn without_a_broker_it_says_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_cloison-zone")).stdin(Stdio::null()).output().expect("starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("started by `cloison`"));
}

#[test]
fn threads_and_callbacks_behind_the_seal() {
    let mut interface = common::asking::asking(Instances::Shared);
    interface.sandbox.threads = 3;
    interface.sandbox.processes = 8;
    let mut zone = Zone::start_with(interface, common::compile("callbacks.c", &["-pthread"]));
    let (id, _) = zone.interface.function("elsewhere").expect("such a function");
    let request = common::request(id, &[common::Argument::Word(1), common::Argument::Word(4)], zone.caller.arena());
    let mut status = zone.caller.call(&request, Duration::from_secs(20)).expect("a reply");
    let mut asked = 0;
    while status == Status::Callback {
        asked += 1;
        let question = common::zone::CallbackQuestion::of(zone.caller.reply());
        let answer = question.answer(1, &[question.words[0]]);
        status = zone.caller.call(&answer, Duration::from_secs(20)).expect("a reply");
    }
    assert_eq!((status, asked, zone.caller.reply().words[0]), (Status::Ok, 20, 340));
}

#[test]
fn what_one_client_leaves_behind_does_not_reach_the_next() {
    let mut zone = Zone::start();
    zone.call("vandalise", &[], Duration::from_secs(20)).expect("a reply");
    // Its own environment and signal mask are the vandal's affair, the rounding mode is everybody's.
    assert_eq!(zone.value("vandalised", &[]), 6);
    let (_channel, victim) = zone.attach(ChannelId(2));
    zone.caller = victim;
    assert_eq!(zone.value("vandalised", &[]), 0);
}
