//! What crosses the wall in which word: the words of a request, a reply, a question and an answer, worked out once.

use super::{Callback, Lifetime, OutPointer, Shape};
use crate::call::{ANSWER_WORDS, QUESTION_WORDS};
use crate::interface::{Function, Parameter};
use std::ops::Deref;

/// Whose words they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Position {
    /// The parameter there.
    Parameter(usize),
    /// The function's value.
    Value,
}

impl Position {
    /// Which parameter it is, if it is one.
    pub fn parameter(self) -> Option<usize> {
        match self {
            Self::Parameter(position) => Some(position),
            Self::Value => None,
        }
    }
}

impl From<Position> for Lifetime {
    /// As long as the handle that stands there.
    fn from(position: Position) -> Self {
        match position {
            Position::Parameter(position) => Self::Parameter(position),
            Position::Value => Self::Return,
        }
    }
}

/// One thing that crosses the wall.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Whose it is.
    pub position: Position,
    /// Its first word.
    pub word: usize,
    /// How many words it has: 1 or 2. A number with 2 may not be there; its first word says whether it is.
    pub words: usize,
    /// What it is.
    pub shape: Shape,
}

/// All that crosses in one direction, in the order of the words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots {
    slots: Box<[Slot]>,
    words: usize,
}

impl Slots {
    /// How many words there are, those in front of the first slot included.
    pub fn words(&self) -> usize {
        self.words
    }

    fn new(first: usize, shapes: impl Iterator<Item = (Position, usize, Shape)>) -> Self {
        let mut next = first;
        let slots = shapes.map(|(position, words, shape)| {
            let word = next;
            next += words;
            Slot { position, word, words, shape }
        });
        Self { slots: slots.collect(), words: next }
    }
}

impl Deref for Slots {
    type Target = [Slot];
    fn deref(&self) -> &[Slot] {
        &self.slots
    }
}

impl Function {
    /// What a request for this function carries: the arguments, in C order.
    pub fn request_slots(&self) -> Slots {
        Slots::new(0, arguments(&self.parameters))
    }

    /// What a reply carries that brings results: the value, if it is kept, then the parameters that come back, in C order.
    pub fn reply_slots(&self) -> Slots {
        let value = self.value_shape().map(value);
        Slots::new(0, value.into_iter().chain(results(&self.parameters)))
    }

    /// What becomes of the function's value; `None` if it is nothing for Python.
    pub fn value_shape(&self) -> Option<Shape> {
        match &self.returns.pointer {
            _ if !self.returns.kept => None,
            Some(pointed) => Some(Shape::OutPointer(OutPointer { pointed: pointed.clone(), free_on_error: false })),
            None => Shape::of_value(&self.result),
        }
    }
}

impl Callback {
    /// What a question carries: the callable's arguments, in C order.
    pub fn question_slots(&self) -> Slots {
        Slots::new(QUESTION_WORDS, arguments(&self.parameters))
    }

    /// What an answer carries: the callable's value, if C wants it, then what it gives to C otherwise.
    pub fn answer_slots(&self) -> Slots {
        let value = Shape::of_value(&self.result).filter(|_| self.kept).map(value);
        Slots::new(ANSWER_WORDS, value.into_iter().chain(results(&self.parameters)))
    }
}

fn value(shape: Shape) -> (Position, usize, Shape) {
    (Position::Value, shape.travel().reply_words(), shape)
}

fn arguments(parameters: &[Parameter]) -> impl Iterator<Item = (Position, usize, Shape)> {
    let passed = parameters.iter().enumerate().filter(|(_, parameter)| parameter.shape.is_argument());
    passed.map(|(index, parameter)| {
        (Position::Parameter(index), parameter.shape.request_words(), parameter.shape.clone())
    })
}

fn results(parameters: &[Parameter]) -> impl Iterator<Item = (Position, usize, Shape)> {
    let given = parameters.iter().enumerate().filter(|(_, parameter)| parameter.shape.is_result());
    given.map(|(index, parameter)| (Position::Parameter(index), parameter.shape.reply_words(), parameter.shape.clone()))
}
