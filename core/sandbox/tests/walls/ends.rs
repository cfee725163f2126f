//! How a jail ends: with the broker, with its lifeline, with its worker; and nothing is left of it.

use crate::Test;
use crate::prisoner::Stage;
use crate::warden::{Order, Outcome, PATIENCE, Prisoner, binary, pids_in, users, wait_for_all, worker_in};
use rustix::process::{Pid, Signal, kill_process, set_child_subreaper};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[
    ("ends::killed_broker_leaves_nothing", killed_broker_leaves_nothing),
    ("ends::hang_up_ends_the_deaf", hang_up_ends_the_deaf),
    ("ends::zone_ends_with_its_worker", zone_ends_with_its_worker),
    ("ends::microprocess_outlives_its_template", microprocess_outlives_its_template),
    ("ends::killed_init_takes_all_along", killed_init_takes_all_along),
    ("ends::a_call_ends_with_its_fork_server", a_call_ends_with_its_fork_server),
];

/// A broker with a template, a microprocess and a zone, none of which listens; it waits to be killed.
pub fn as_broker() -> ! {
    let uid = std::env::args().nth(2).and_then(|uid| uid.parse().ok());
    let prisoners: Vec<Prisoner> = [Stage::Microprocess, Stage::Sealed]
        .map(|stage| Prisoner::start(&Order::new(stage, "sleep").uid(uid)))
        .into_iter()
        .inspect(|prisoner| while !prisoner.hear().expect("a report").starts_with("sealed") {})
        .collect();
    println!("{} are in", prisoners.len());
    loop {
        std::thread::park();
    }
}

fn killed_broker_leaves_nothing() {
    // What the broker leaves behind becomes ours, so that we see it end.
    set_child_subreaper(Some(rustix::process::getpid())).expect("subreaper");
    for uid in users() {
        let uid = uid.map(|uid| uid.to_string()).unwrap_or_default();
        #[expect(clippy::zombie_processes, reason = "`wait_for_all` waits for it, with all that it leaves behind")]
        let mut broker =
            Command::new(binary()).args(["--broker", &uid]).stdout(Stdio::piped()).spawn().expect("a broker");
        let mut line = String::new();
        BufReader::new(broker.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        assert_eq!(line, "2 are in\n");
        broker.kill().expect("kill -9");
        let mut exits = Vec::new();
        wait_for_all(&mut exits);
        // The broker; the template, its child and init; the zone's worker and init. Launchers are gone before.
        assert!(exits.len() >= 6, "{exits:?}");
    }
    set_child_subreaper(None).expect("no subreaper");
}

/// The lifeline is enough: here the broker lives, so no death signal comes, and the worker does not look.
fn hang_up_ends_the_deaf() {
    for stage in [Stage::Template, Stage::Microprocess, Stage::Loading, Stage::Sealed, Stage::Child] {
        let prisoner = Prisoner::start(&Order::new(stage, "sleep"));
        assert!(prisoner.hear().expect("a report").starts_with("jailed"));
        drop(prisoner.socket);
        let mut exits = Vec::new();
        wait_for_all(&mut exits);
        assert!(exits.iter().any(|(_, how)| *how == Outcome::Killed(libc::SIGKILL)), "{stage:?}: {exits:?}");
        let strange = exits.iter().any(|(_, how)| !matches!(how, Outcome::Exited(0) | Outcome::Killed(libc::SIGKILL)));
        assert!(!strange, "init and the launcher end of their own will: {exits:?}");
    }
}

fn zone_ends_with_its_worker() {
    let prisoner = Prisoner::start(&Order::new(Stage::Sealed, "sleep"));
    let (worker, init) = pids(&prisoner);
    kill(worker);
    let mut exits = Vec::new();
    wait_for_all(&mut exits);
    assert!(exits.contains(&(worker, Outcome::Killed(libc::SIGKILL))), "{exits:?}");
    assert!(exits.contains(&(init, Outcome::Exited(0))), "{exits:?}");
}

/// Microprocesses have a life of their own; init goes when the last of them has gone.
fn microprocess_outlives_its_template() {
    let prisoner = Prisoner::start(&Order::new(Stage::Microprocess, "sleep"));
    let (worker, init) = pids(&prisoner);
    assert!(prisoner.hear().expect("the seal").starts_with("sealed"));
    kill(worker);
    let mut exits = Vec::new();
    let until = Instant::now() + PATIENCE;
    while !exits.contains(&(worker, Outcome::Killed(libc::SIGKILL))) {
        assert!(Instant::now() < until, "{exits:?}");
        std::thread::sleep(Duration::from_millis(2));
        crate::warden::reap(&mut exits);
    }
    // It stays if it has looked around since, and slept again.
    let before = sleeps(init);
    while sleeps(init) < before + 3 {
        assert!(Instant::now() < until, "init does not look whether it is alone");
        std::thread::sleep(Duration::from_millis(2));
    }
    crate::warden::reap(&mut exits);
    assert!(!exits.iter().any(|(pid, _)| *pid == init), "init left although a microprocess lives: {exits:?}");
    // The child's number is not told; it is the one that is left besides init.
    let status = std::fs::read_to_string(format!("/proc/{}/task/{0}/children", rustix::process::getpid().as_raw_pid()));
    let children = status.expect("children");
    let child = children.split_whitespace().filter_map(|pid| pid.parse().ok()).find(|pid: &i32| *pid != init);
    kill(child.expect("the microprocess"));
    wait_for_all(&mut exits);
    assert!(exits.contains(&(init, Outcome::Exited(0))), "{exits:?}");
}

fn killed_init_takes_all_along() {
    let prisoner = Prisoner::start(&Order::new(Stage::Microprocess, "sleep"));
    let (worker, init) = pids(&prisoner);
    assert!(prisoner.hear().expect("the seal").starts_with("sealed"));
    kill(init);
    let mut exits = Vec::new();
    wait_for_all(&mut exits);
    assert!(exits.contains(&(worker, Outcome::Killed(libc::SIGKILL))), "{exits:?}");
    let killed = exits.iter().filter(|(_, how)| *how == Outcome::Killed(libc::SIGKILL)).count();
    assert_eq!(killed, 3, "template, microprocess, init: {exits:?}");
}

/// With a pid namespace, whose init goes then; and without one, by the death signal.
fn a_call_ends_with_its_fork_server() {
    // A process that outlives its fork server becomes ours, and is waited for in vain.
    set_child_subreaper(Some(rustix::process::getpid())).expect("subreaper");
    for userns in [true, false] {
        let mut order = Order::new(Stage::Child, "sleep");
        (order.userns, order.may_be_missing) = (userns, crate::start::MISSING.into());
        let prisoner = Prisoner::start(&order);
        let worker = worker_in(&prisoner.hear().expect("a report"));
        assert!(prisoner.hear().expect("the seal").starts_with("sealed"));
        // One call has ended by then, and another begins.
        assert!(prisoner.hear().expect("a call").starts_with("call"));
        let child = only_child(worker);
        kill(worker);
        let mut exits = Vec::new();
        wait_for_all(&mut exits);
        assert!(exits.contains(&(worker, Outcome::Killed(libc::SIGKILL))), "{exits:?}");
        if !userns {
            // One that has just been forked finds its fork server gone before it can ask for the death signal, and exits.
            let ended = [Outcome::Killed(libc::SIGKILL), Outcome::Exited(125)].map(|how| exits.contains(&(child, how)));
            assert!(ended.contains(&true), "{exits:?}");
        }
        assert!(!std::path::Path::new(&format!("/proc/{child}")).exists());
    }
    set_child_subreaper(None).expect("no subreaper");
}

/// The process of the fork server's call, as soon as there is one.
fn only_child(fork_server: i32) -> i32 {
    let until = Instant::now() + PATIENCE;
    loop {
        let children =
            std::fs::read_to_string(format!("/proc/{fork_server}/task/{fork_server}/children")).expect("its children");
        if let Ok(child) = children.trim().parse() {
            return child;
        }
        assert!(Instant::now() < until, "the call's process: {children:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How often a process has gone to sleep.
fn sleeps(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).expect("a count");
    count.trim().parse().expect("a number")
}

/// The worker's and init's numbers, from the report.
fn pids(prisoner: &Prisoner) -> (i32, i32) {
    pids_in(&prisoner.hear().expect("a report"))
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).expect("kill");
}
