//! `instances = "per-call"`: what a call leaves behind, what it can reach, and who notices its end.

use crate::common;
use crate::common::Argument::Word;
use crate::common::zone::CallbackQuestion;
use crate::program::{Zone, fail, waited};
use cloison_contract::call::{ANSWER, MAX_WORDS, NULL, Request, Status};
use cloison_contract::grant::Quota;
use cloison_contract::interface::Instances;
use cloison_contract::message::{ChannelId, FromZone, ToZone};
use cloison_contract::{FunctionId, Grant, Interface};
use cloison_transport::client::CallError;
use cloison_transport::terms::TermsState;
use rustix::process::{Signal, kill_process};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(20);
/// The fork server's number in its namespace.
const FORK_SERVER: u64 = 2;

fn interface() -> Interface {
    common::manifest("alone", Instances::PerCall)
}

fn library() -> (tempfile::TempDir, PathBuf) {
    common::compile("alone.c", &[])
}

fn start() -> Zone {
    Zone::start_with(interface(), library())
}

/// What the function gives.
fn gives(zone: &mut Zone, name: &str, arguments: &[u64]) -> i32 {
    let arguments: Vec<_> = arguments.iter().map(|word| Word(*word)).collect();
    zone.value(name, &arguments) as i32
}

/// How the call's process ends: signal or exit status.
fn crashes(zone: &mut Zone, name: &str, arguments: &[u64]) -> [Option<u64>; 2] {
    let arguments: Vec<_> = arguments.iter().map(|word| Word(*word)).collect();
    let reply = zone.call(name, &arguments, LONG).expect("a reply");
    assert_eq!(reply.status, Status::Crashed, "{name}");
    [reply.words[0], reply.words[1]].map(|word| (word != NULL).then_some(word))
}

/// The fork server's children, as this process numbers them.
fn children(zone: &Zone) -> Vec<i32> {
    let fork_server = zone.worker.expect("a fork server").as_raw_pid();
    let children =
        std::fs::read_to_string(format!("/proc/{fork_server}/task/{fork_server}/children")).expect("its children");
    children.split_whitespace().map(|pid| pid.parse().expect("a number")).collect()
}

fn exists(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn nothing_survives_a_call() {
    let mut zone = start();
    let numbers = (0..3).map(|_| gives(&mut zone, "number", &[])).collect::<BTreeSet<_>>();
    assert_eq!(numbers.len(), 3, "a process each: {numbers:?}");
    for _ in 0..5 {
        assert_eq!(gives(&mut zone, "count", &[]), 1);
        // Half of what there may be: a second one would not fit beside the first.
        let half = 40 << 20;
        assert_eq!(zone.value("leaks", &[Word(half)]), half);
    }
    assert_eq!(zone.value("leaks", &[Word(1 << 30)]), 0, "control: memory is limited");
    assert_eq!(zone.status.calls(), 14, "of all calls");
}

#[test]
fn between_calls_nothing_of_the_library_runs() {
    let mut zone = start();
    for signal in [Signal::TERM, Signal::CHILD, Signal::USR1, Signal::SEGV] {
        kill_process(zone.worker.expect("a fork server"), signal).expect("sent");
        assert_eq!(gives(&mut zone, "count", &[]), 1);
    }
    assert_eq!(gives(&mut zone, "has_run", &[]), 0);
    // Control: there are handlers, and in a call they run.
    assert_eq!(gives(&mut zone, "handles", &[libc::SIGABRT as u64]), libc::SIGABRT);
    assert_eq!(gives(&mut zone, "has_run", &[]), 0);
}

#[test]
fn a_call_can_reach_nobody() {
    let mut zone = start();
    assert_eq!(gives(&mut zone, "forks", &[]), -libc::EPERM);
    assert_eq!(gives(&mut zone, "waits", &[]), -libc::ECHILD);
    assert_eq!(gives(&mut zone, "outlives", &[]), -libc::EPERM);
    assert_eq!(gives(&mut zone, "fork_servers_number", &[]), -libc::EPERM);
    for neighbour in [1, FORK_SERVER] {
        assert_eq!(gives(&mut zone, "kills", &[neighbour, libc::SIGKILL as u64]), -libc::EPERM);
        assert_eq!(gives(&mut zone, "aborts", &[neighbour]), -libc::EPERM);
    }
    assert_eq!(crashes(&mut zone, "filters", &[]), [Some(libc::SIGSYS as u64), None]);
    // Its descriptors are its own, too.
    assert!(gives(&mut zone, "closes_each", &[]) >= 3);
    assert_eq!(gives(&mut zone, "count", &[]), 1);
    assert!(zone.worker.is_some_and(|fork_server| exists(fork_server.as_raw_pid())));
}

#[test]
fn the_end_of_a_call_is_told_and_the_next_one_works() {
    let mut zone = start();
    let fork_server = zone.worker;
    for _ in 0..2 {
        assert_eq!(crashes(&mut zone, "crash", &[]), [Some(libc::SIGSEGV as u64), None]);
        assert_eq!(crashes(&mut zone, "gives_up", &[]), [Some(libc::SIGABRT as u64), None]);
        for code in [0, 3] {
            assert_eq!(crashes(&mut zone, "leaves", &[code]), [None, Some(code)]);
            assert_eq!(crashes(&mut zone, "ends", &[code]), [None, Some(code)]);
        }
        assert_eq!(zone.status.running(), None);
        assert_eq!(gives(&mut zone, "count", &[]), 1);
    }
    // A client has its reply before the process has ended.
    let start = Instant::now();
    while !children(&zone).is_empty() {
        assert!(start.elapsed() < LONG, "not all have been waited for");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(fork_server.is_some_and(|fork_server| exists(fork_server.as_raw_pid())));
}

#[test]
fn an_answer_to_nobody_gets_an_answer() {
    let mut zone = start();
    let mut answer = Request { function: ANSWER, count: 2, arena_used: 0, words: [0; MAX_WORDS] };
    answer.words[..2].copy_from_slice(&[1, 1]);
    assert_eq!(zone.caller.call(&answer, LONG), Ok(Status::Malformed));
    assert_eq!(crashes(&mut zone, "crash", &[]), [Some(libc::SIGSEGV as u64), None]);
    assert_eq!(zone.caller.call(&answer, LONG), Ok(Status::Crashed));
    assert_eq!(gives(&mut zone, "count", &[]), 1);
}

/// Begins a call of `asks`; gives the question.
fn ask(zone: &mut Zone) -> CallbackQuestion {
    let reply = zone.call("asks", &[Word(1), Word(5)], LONG).expect("a question");
    assert_eq!(reply.status, Status::Callback);
    let question = CallbackQuestion::of(&reply);
    assert_eq!((question.callable, question.depth, &question.words[..]), (1, 1, &[5][..]));
    question
}

/// What the client posts next, and how the zone answers.
fn post(zone: &mut Zone, request: &Request) -> (Status, u64) {
    let status = zone.caller.call(request, LONG).expect("a reply");
    (status, zone.caller.reply().words[0])
}

#[test]
fn a_conversation_is_one_call() {
    let mut zone = start();
    for _ in 0..2 {
        let question = ask(&mut zone);
        // Inside of the callback, in the same process.
        assert_eq!(gives(&mut zone, "count", &[]), 2);
        assert_eq!(zone.status.running(), None, "the client's time");
        assert_eq!(post(&mut zone, &question.answer(1, &[9])), (Status::Ok, 1_002_009));
        assert_eq!(gives(&mut zone, "count", &[]), 1, "a new one");
    }
}

#[test]
fn a_conversation_that_breaks_off_is_told_to_the_end() {
    let mut zone = start();
    for _ in 0..2 {
        let question = ask(&mut zone);
        assert_eq!(crashes(&mut zone, "crash", &[]), [Some(libc::SIGSEGV as u64), None]);
        // The callable goes on, with a call that works, and answers to nobody.
        assert_eq!(gives(&mut zone, "count", &[]), 1);
        assert_eq!(post(&mut zone, &question.answer(1, &[9])), (Status::Crashed, NULL));
        assert_eq!(zone.caller.reply().words[1], 0, "the end of the latest process");
        assert_eq!(gives(&mut zone, "count", &[]), 1);
    }
}

#[test]
fn a_late_answer_is_told_so() {
    let mut zone = start();
    let question = ask(&mut zone);
    assert!(matches!(zone.control.receive(), Ok((FromZone::CallbackTimeout { channel: ChannelId(1) }, _))));
    assert_eq!(zone.call("count", &[], LONG).map(|reply| reply.status), Ok(Status::CallbackOverdue));
    assert_eq!(post(&mut zone, &question.answer(1, &[9])).0, Status::CallbackOverdue);
    assert_eq!(gives(&mut zone, "count", &[]), 1);
}

#[test]
fn nobody_waits_for_a_client_that_has_left_in_a_callback() {
    for late in [false, true] {
        let mut zone = start();
        ask(&mut zone);
        let process = children(&zone);
        assert!(matches!(process[..], [process] if exists(process)), "{process:?}");
        if late {
            assert!(matches!(zone.control.receive(), Ok((FromZone::CallbackTimeout { channel: ChannelId(1) }, _))));
        }
        zone.channel.end(TermsState::Ended);
        zone.control.send(&ToZone::Detach { channel: ChannelId(1) }, &[]).expect("sent");
        zone.status.ring();
        assert!(matches!(zone.control.receive(), Ok((FromZone::Detached { channel: ChannelId(1) }, _))));
        assert!(!exists(process[0]), "{late}");
    }
}

#[test]
fn objects_end_with_their_call() {
    let interface = common::surface::surface(Instances::PerCall);
    let mut zone = Zone::start_with(interface, common::compile("surface.c", &["-lm"]));
    let things: BTreeSet<u64> = (0..50).map(|_| zone.value("thing_new", &[Word(5)])).collect();
    assert_eq!(things.len(), 50, "no word means another object, were it that of another call");
    for thing in things {
        let reply = zone.call("thing_value", &[Word(thing)], LONG).expect("a reply");
        assert_eq!(reply.status, Status::StaleHandle);
    }
}

#[test]
fn calls_are_counted_over_processes() {
    let interface = interface();
    let all = (0..interface.functions.len()).map(|index| FunctionId(index as u32));
    let grant = Grant { quota: Quota { calls: Some(4), ..Quota::default() }, ..Grant::new(all) };
    let mut zone = Zone::start_for(grant, interface, library());
    for _ in 0..3 {
        assert_eq!(gives(&mut zone, "count", &[]), 1);
    }
    assert_eq!(crashes(&mut zone, "crash", &[]), [Some(libc::SIGSEGV as u64), None]);
    for _ in 0..3 {
        assert_eq!(zone.call("count", &[], LONG).map(|reply| reply.status), Ok(Status::QuotaExceeded));
    }
}

#[test]
fn an_overdue_call_ends_with_its_fork_server() {
    let mut zone = start();
    assert_eq!(zone.call("loops", &[], Duration::from_millis(200)).err(), Some(CallError::DeadlineExceeded));
    let (id, _) = zone.interface.function("loops").expect("such a function");
    let running = zone.runs();
    assert_eq!((running.channel, running.function), (ChannelId(1), id.0));
    let children = children(&zone);
    assert!(matches!(children[..], [child] if exists(child)), "{children:?}");
    // As the broker ends it.
    kill_process(zone.worker.expect("a fork server"), Signal::KILL).expect("killed");
    assert_eq!(zone.end().terminating_signal(), Some(Signal::KILL.as_raw()));
    waited(zone.init.take().expect("an init"));
    assert!(!exists(children[0]));
}

#[test]
fn a_call_ends_with_its_broker() {
    let mut zone = start();
    assert_eq!(zone.call("loops", &[], Duration::from_millis(200)).err(), Some(CallError::DeadlineExceeded));
    let children = children(&zone);
    let (closed, _) = cloison_transport::control::Control::pair().expect("sockets");
    drop(std::mem::replace(&mut zone.control, closed));
    zone.end();
    waited(zone.init.take().expect("an init"));
    assert!(!exists(children[0]));
}

#[test]
fn a_client_that_is_let_go_is_forgotten() {
    let mut zone = start();
    assert_eq!(gives(&mut zone, "count", &[]), 1);
    zone.channel.end(TermsState::Ended);
    zone.control.send(&ToZone::Detach { channel: ChannelId(1) }, &[]).expect("sent");
    zone.status.ring();
    assert!(matches!(zone.control.receive(), Ok((FromZone::Detached { channel: ChannelId(1) }, _))));
}

#[test]
fn a_constructor_that_answers_for_the_seal_is_found_out() {
    for (filter, told) in [(1, "seccomp lets code be mapped"), (2, "Landlock lets"), (3, "Landlock lets")] {
        let (_folder, file) = common::hostile(filter);
        let mut interface = common::hostile_interface();
        interface.sandbox.instances = Instances::PerCall;
        let second = fail(&interface, File::open(file).expect("opened"));
        let Some(FromZone::Failed { step, message, .. }) = second else { panic!("{second:?}") };
        assert_eq!(step, "seal");
        assert!(message.contains("the seal does not hold") && message.contains(told), "{message}");
    }
}
