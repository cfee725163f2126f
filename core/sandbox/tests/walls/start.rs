//! Entering: who becomes what, what is reported, what is closed, and how it ends.

use crate::Test;
use crate::prisoner::Stage;
use crate::warden::{Order, Outcome, users};

pub const TESTS: &[Test] = &[
    ("start::all_layers_are_on", all_layers_are_on),
];

fn all_layers_are_on() {
    for uid in users() {
        for stage in [Stage::Template, Stage::Microprocess, Stage::Loading, Stage::Sealed] {
            let (outcome, said) = Order::new(stage, "nothing").uid(uid).talk();
            println!("  {stage:?} {uid:?} {said:#?}");
            assert_eq!(outcome, Outcome::Done(0), "{stage:?} as {uid:?}: {said:?}");
        }
    }
}
