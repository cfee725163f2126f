//! Every attempt at every stage, as root and as an ordinary user, with a control outside.

use crate::Test;
use crate::attempts::ATTEMPTS;
use crate::prisoner::Stage;
use crate::warden::{Order, users};

pub const TESTS: &[Test] = &[
    ("stages::controls", controls),
    ("stages::template", || everywhere(Stage::Template, 0)),
    ("stages::microprocess", || everywhere(Stage::Microprocess, 1)),
    ("stages::loading", || everywhere(Stage::Loading, 2)),
    ("stages::sealed", || everywhere(Stage::Sealed, 3)),
];

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
    let mut surprises = Vec::new();
    for uid in users() {
        for attempt in ATTEMPTS {
            let (outcome, said) = Order::new(stage, attempt.name).uid(uid).talk();
            let expected = attempt.inside[column];
            if outcome != expected {
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
