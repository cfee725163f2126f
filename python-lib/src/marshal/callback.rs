//! What a question of a library to a Python callable means, and its answer.
#![deny(clippy::wildcard_enum_match_arm)]

use crate::marshal::plan::{Argument, ParameterNames};
use cloison_contract::call::MAX_WORDS;
use cloison_contract::shape::{Callback, Position, Shape, Slot, Slots};
use cloison_contract::types::CType;
use std::time::Duration;

/// What becomes of a question.
#[derive(Debug)]
pub struct CallbackPlan {
    /// The function that it is passed to, as errors show it.
    pub function: Box<str>,
    /// The parameter that it is passed as.
    pub name: Box<str>,
    /// How long one run may take.
    pub deadline: Duration,
    /// How long all runs in one call of the function may take together.
    pub budget: Duration,
    /// What the callable is given.
    pub given: Slots,
    /// What its value becomes; several values come as a tuple.
    pub results: Box<[Argument]>,
    /// How many words an answer has.
    pub words: u32,
}

impl CallbackPlan {
    /// Work it out. `None` if a question or an answer is more than a call can carry.
    pub fn new(names: &ParameterNames<'_>, name: &str, callback: &Callback) -> Option<Self> {
        let (given, answer) = (callback.question_slots(), callback.answer_slots());
        let has_value = callback.kept && callback.result != CType::Void;
        if has_value && Shape::of_value(&callback.result).is_none() {
            return None;
        }
        if answer.words() > MAX_WORDS || given.words() > MAX_WORDS {
            return None;
        }
        let result = |slot: &Slot| {
            let called = match slot.position {
                Position::Parameter(position) => format!("the {} of {name}", callback.parameters[position].name),
                Position::Value => format!("the value of {name}"),
            };
            Some(Argument { default: None, once: true, ..Argument::new(names, called.into(), slot)? })
        };
        Some(Self {
            function: names.function.name.as_str().into(),
            name: name.into(),
            deadline: callback.deadline.or(names.function.deadline).unwrap_or(names.interface.sandbox.deadline),
            budget: names.function.callables.unwrap_or(names.interface.sandbox.callables),
            given,
            results: answer.iter().map(result).collect::<Option<_>>()?,
            words: answer.words() as u32,
        })
    }
}
