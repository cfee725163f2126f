//! Everything has an end: memory, depth, and the patience of whoever presses Ctrl-C.

use crate::support::{Template, modules, script};
use cloison_contract::message::Run;

fn limited(source: &str) -> crate::support::Outcome {
    Template::with(modules(&[]), &[], 128 << 20).expect("ready").run(script(source))
}

#[test]
fn one_huge_request_is_a_memory_error() {
    let outcome = limited(
        "try:\n    bytearray(500_000_000)\nexcept MemoryError:\n    print('caught')\nprint(len(bytearray(20_000_000)))\n",
    );
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("caught\n20000000\n", 0), "{}", outcome.stderr);
}

#[test]
fn many_small_requests_are_a_memory_error_too() {
    let outcome = limited(
        // No single request is large: a long list would double in one.
        "def eat():\n    kept = []\n    while True:\n        kept.append([object() for _ in range(1000)])\ntry:\n    eat()\nexcept MemoryError:\n    print('caught')\n",
    );
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("caught\n", 0), "{}", outcome.stderr);
}

#[test]
fn a_memory_error_can_happen_again() {
    let outcome = limited(
        "def eat():\n    kept = []\n    while True:\n        kept.append('x' * 1000 + str(len(kept)))\nfor _ in range(40):\n    try:\n        eat()\n    except MemoryError:\n        pass\nprint('done')\n",
    );
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
    let outcome = limited(
        "def f(n): return f(n + 1)\ntry:\n    f(0)\nexcept RecursionError:\n    print('caught')\nimport sys\nsys.setrecursionlimit(10**6)\ntry:\n    f(0)\nexcept (RecursionError, MemoryError):\n    print('again')\n",
    );
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

#[test]
fn an_interrupt_can_be_caught_many_times() {
    let source = "for n in range(60):\n    try:\n        print('ready', flush=True)\n        while True: pass\n    except KeyboardInterrupt:\n        pass\nprint(n)\n";
    let outcome = Template::start().interrupted(script(source), 60);
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.ends_with("59\n"));
}

#[test]
fn processor_time_ends() {
    let run: Run = script("while True: pass");
    let started = std::time::Instant::now();
    let outcome = Template::with_cpu_seconds(1).run(run);
    assert!(outcome.status < 0, "{outcome:?}");
    assert!(started.elapsed().as_secs() < 10);
}
