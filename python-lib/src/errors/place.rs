//! Which argument is wrong, and what is wrong with it.

use crate::errors;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObject, VirtualMachine};
use std::fmt;

/// Which argument of which function an error is about.
#[derive(Clone, Copy)]
pub struct ArgumentPlace<'a> {
    /// The function's name.
    pub function: &'a str,
    /// The parameter's name.
    pub parameter: &'a str,
    /// Where inside of it.
    pub inside: Option<&'a Inside<'a>>,
}

/// A step from a value to one of its parts.
#[derive(Clone, Copy)]
pub struct Inside<'a> {
    /// The steps before.
    pub before: Option<&'a Inside<'a>>,
    /// This one.
    pub part: Part<'a>,
}

/// A part of a value.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// An element.
    Index(usize),
    /// A record's member.
    Member(&'a str),
}

impl fmt::Display for Inside<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            before.fmt(formatter)?;
        }
        match self.part {
            Part::Index(index) => write!(formatter, "[{index}]"),
            Part::Member(name) => write!(formatter, ".{name}"),
        }
    }
}

impl<'a> ArgumentPlace<'a> {
    /// That argument of that function.
    #[inline]
    pub fn new(function: &'a str, parameter: &'a str) -> Self {
        Self { function, parameter, inside: None }
    }

    /// A part of it. The step is the caller's to keep.
    pub fn step(&self, part: Part<'a>) -> Inside<'a> {
        Inside { before: self.inside, part }
    }

    /// Behind a step.
    pub fn at(self, step: &'a Inside<'a>) -> Self {
        Self { inside: Some(step), ..self }
    }

    pub(super) fn text(&self, what: &str) -> String {
        let inside = self.inside.map(Inside::to_string).unwrap_or_default();
        format!("{}(): {}{inside} {what}", self.function, self.parameter)
    }

    /// A handle whose object is gone: an error of that class.
    #[cold]
    pub fn stale(&self, class: &'static str, what: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        errors::new(class, &self.text(what), &[], vm)
    }

    /// The wrong type.
    #[cold]
    pub fn type_error(&self, expected: &str, got: &PyObject, vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_type_error(self.text(&format!("must be {expected}, not {}", got.class().name())))
    }

    /// The right type, but not this value.
    #[cold]
    pub fn value_error(&self, what: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_value_error(self.text(what))
    }

    /// A mapping's key that is no member of the record.
    #[cold]
    pub fn no_member(&self, key: &str, record: &str, known: &[&str], vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_type_error(self.text(&format!("has no member {key:?}: {record} has {}", known.join(", "))))
    }

    /// Too large for C.
    #[cold]
    pub fn overflow_error(&self, what: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_overflow_error(self.text(what))
    }

    /// An int that the C type does not hold.
    #[cold]
    pub fn does_not_fit(&self, value: &str, (least, most): (i128, i128), vm: &VirtualMachine) -> PyBaseExceptionRef {
        self.overflow_error(&format!("is {value}, and its C type holds {least} to {most}"), vm)
    }
}
