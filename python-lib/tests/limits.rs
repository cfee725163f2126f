//! Everything has an end: memory, depth, and the patience of whoever presses Ctrl-C.

use crate::support::{Template, follows, modules, script};
use crate::zone::Zone;
use rustix::process::{Signal, pidfd_send_signal};
use std::time::{Duration, Instant};

fn limited(source: &str) -> crate::support::Outcome {
    Template::with(modules(&[]), &[], 128 << 20).expect("ready").run(script(source))
}

#[test]
fn one_huge_request_is_a_memory_error() {
    let outcome = limited(program!("limits/one_huge_request_is_a_memory_error"));
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("caught\n20000000\n", 0), "{}", outcome.stderr);
}

#[test]
fn many_small_requests_are_a_memory_error_too() {
    let outcome = limited(
        // No single request is large: a long list would double in one.
        program!("limits/many_small_requests_are_a_memory_error_too"),
    );
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("caught\n", 0), "{}", outcome.stderr);
}

#[test]
fn a_memory_error_can_happen_again() {
    let outcome = limited(program!("limits/a_memory_error_can_happen_again"));
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("done\n", 0), "{}", outcome.stderr);
}

#[test]
fn what_cannot_fail_gently_ends_with_a_message() {
    // A set that grows inside one native call: no instruction in between, and no way to report the failure.
    let outcome = limited("set(range(10**8))");
    assert_eq!(outcome.status, 137, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("cloison: memory limit of 128 MiB reached"), "{}", outcome.stderr);
}

#[test]
fn endless_recursion_is_a_recursion_error() {
    let outcome = limited(program!("limits/endless_recursion_is_a_recursion_error"));
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("caught\nagain\n", 0), "{}", outcome.stderr);
}

#[test]
fn an_interrupt_reaches_a_loop_a_sleep_and_a_read() {
    let template = Template::start();
    for source in ["while True: pass\n", "import time\nwhile True: time.sleep(60)\n", "import sys\nsys.stdin.read()\n"]
    {
        let outcome = template.interrupted(script(&format!("print('ready', flush=True)\n{source}")), 1);
        assert_eq!(outcome.status, 130, "{source} {}", outcome.stderr);
        assert!(outcome.stderr.ends_with("KeyboardInterrupt\n"), "{source} {}", outcome.stderr);
    }
}

/// Around the moment in which a wait begins, and before.
#[test]
fn an_interrupt_just_before_a_wait_is_not_lost() {
    const TIMES: usize = 200;
    let template = Template::start();
    // An interrupt that is lost in a call ends it with `DeadlineExceeded`, which nobody catches.
    for wait in ["fake.hang()", "input()", "time.sleep(60)", "print('x' * 10**6, file=sys.stderr, flush=True)"] {
        let source = format!(
            "TIMES, PRINTS = {TIMES}, {}\ndef wait(): {wait}\n{}",
            if wait.starts_with("print") { "True" } else { "False" },
            program!("limits/an_interrupt_just_before_a_wait_is_not_lost")
        );
        let mut zone = Zone::new();
        let pause = |number: usize| Duration::from_nanos(number as u64 * 1250);
        eprintln!("waits in {wait}"); // which of them it was, should nothing follow
        let outcome = template.interrupted_after(script(&source), TIMES, pause, |question| zone.answer(question));
        assert_eq!(outcome.status, 0, "{wait} {}", outcome.stderr);
        assert!(outcome.stdout.ends_with("ready\nall 200\n"), "{wait} {}", outcome.stdout);
    }
}

/// The process is asked for its Python stack, and interrupted while it answers.
#[test]
fn an_interrupt_beside_a_question_is_not_lost() {
    const TIMES: usize = 100;
    let source = format!("TIMES = {TIMES}\n{}", program!("limits/an_interrupt_beside_a_question_is_not_lost"));
    let template = Template::start();
    let running = template.fork(script(&source));
    let mut line = [0; 32];
    for number in 0..TIMES {
        follows(&running.stdout, &running.pidfd, number);
        let read = rustix::io::read(&running.stdout, &mut line).expect("a line");
        assert_eq!(&line[..read], b"ready\n");
        running.until_it_sleeps();
        pidfd_send_signal(&running.pidfd, Signal::USR1).expect("it runs");
        // At every point of its answer.
        let until = Instant::now() + Duration::from_micros(2 * number as u64);
        while Instant::now() < until {}
        pidfd_send_signal(&running.pidfd, Signal::INT).expect("it runs");
    }
    let outcome = running.end();
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "all 100\n"), "{}", outcome.stderr);
}

/// A line of text is flushed by itself, and RustPython drops what that raises.
#[test]
fn an_interrupt_in_the_flush_behind_a_line_is_not_lost() {
    let source = program!("limits/an_interrupt_in_the_flush_behind_a_line_is_not_lost");
    let template = Template::start();
    let running = template.fork(script(source));
    let mut line = [0; 32];
    let mut says = |expected: &str| {
        let read = rustix::io::read(&running.stdout, &mut line).expect("a line");
        assert_eq!(std::str::from_utf8(&line[..read]).expect("UTF-8"), expected);
    };
    says("ready\n");
    // Nobody reads its standard error, whose pipe is full.
    running.until_it_sleeps();
    pidfd_send_signal(&running.pidfd, Signal::INT).expect("it runs");
    says("interrupted\n");
    let outcome = running.end();
    assert_eq!((outcome.status, outcome.stderr.len()), (0, 65536 + "y\n".len()));
}

#[test]
fn an_interrupt_before_the_first_instruction_is_not_lost() {
    let template = Template::start();
    for _ in 0..50 {
        let running = template.fork(script("import time\ntime.sleep(60)\n"));
        pidfd_send_signal(&running.pidfd, Signal::INT).expect("it runs");
        let outcome = running.end();
        assert_eq!(outcome.status, 130, "{}", outcome.stderr);
        assert!(outcome.stderr.ends_with("KeyboardInterrupt\n"), "{}", outcome.stderr);
    }
}

#[test]
fn an_interrupt_can_be_caught_many_times() {
    let source = program!("limits/an_interrupt_can_be_caught_many_times");
    let outcome = Template::start().interrupted(script(source), 60);
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.ends_with("59\n"));
}

#[test]
fn processor_time_ends() {
    let outcome = Template::with_cpu_seconds(1).run(script("while True: pass"));
    assert!(outcome.status < 0, "{outcome:?}");
}
