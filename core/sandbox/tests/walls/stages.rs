//! Every attempt at every stage, as root and as an ordinary user, with a control outside.

use crate::Test;
use crate::attempts::ATTEMPTS;
use crate::prisoner::Stage;
use crate::warden::{Order, Outcome, users};

pub const TESTS: &[Test] = &[
    ("stages::controls", controls),
    ("stages::template", || everywhere(Stage::Template, 0)),
    ("stages::microprocess", || everywhere(Stage::Microprocess, 1)),
    ("stages::loading", || everywhere(Stage::Loading, 2)),
    ("stages::sealed", || everywhere(Stage::Sealed, 3)),
    ("stages::child", || everywhere(Stage::Child, 3)),
    ("stages::fork_server", || everywhere_but(Stage::ForkServer, 3, &FORK_SERVERS)),
    ("stages::worker", || everywhere_but(Stage::Worker, 3, &WORKERS)),
];

/// What the fork server of calls may besides. The neighbour is init: Landlock keeps signals from it from ABI 6 on, and
/// nothing comes of one that is sent from inside its namespace.
const FORK_SERVERS: [(&str, Outcome); 4] = [
    ("clone", Outcome::Done(1)),
    ("another_filter", Outcome::Failed(libc::EFAULT)),
    ("abort_a_neighbour", Outcome::Done(0)),
    ("abort_a_neighbour", Outcome::Failed(libc::EPERM)),
];

/// A zone with threads may make them, as many as its limit leaves.
const WORKERS: [(&str, Outcome); 2] =
    [("start_a_thread", Outcome::Done(1)), ("start_a_thread", Outcome::Failed(libc::EAGAIN))];

/// Outside, each attempt works (or fails in a way that shows that the kernel looked at it).
fn controls() {
    let mut surprises = Vec::new();
    for attempt in ATTEMPTS {
        let Some(expected) = attempt.control else { continue };
        let outcome = Order::new(Stage::Outside, attempt.name).outcome();
        if outcome != expected {
            surprises.push(format!("{}: {outcome:?}, expected {expected:?}", attempt.name));
        }
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
}

fn everywhere(stage: Stage, column: usize) {
    everywhere_but(stage, column, &[]);
}

fn everywhere_but(stage: Stage, column: usize, exceptions: &[(&str, Outcome)]) {
    let mut surprises = Vec::new();
    for uid in users() {
        for attempt in ATTEMPTS {
            let mut order = Order::new(stage, attempt.name).uid(uid);
            order.threads = if stage == Stage::Worker { 2 } else { 1 };
            let (outcome, said) = order.talk();
            let mut expected: Vec<Outcome> =
                exceptions.iter().filter(|(name, _)| *name == attempt.name).map(|(_, outcome)| *outcome).collect();
            if expected.is_empty() {
                expected.push(attempt.inside[column]);
            }
            if !expected.contains(&outcome) {
                surprises.push(format!(
                    "{} as {uid:?}: {outcome:?}, expected {expected:?} {}",
                    attempt.name,
                    said.len()
                ));
            }
        }
    }
    assert!(surprises.is_empty(), "{stage:?}: {surprises:#?}");
}
