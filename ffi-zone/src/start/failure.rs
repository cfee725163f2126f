//! A start that failed: which step, what happened, what to do.

use cloison_contract::Interface;
use cloison_contract::message::FromZone;
use cloison_contract::types::Location;
use std::fmt::Display;

/// The steps that can fail, in order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StartStep {
    /// The broker's first message.
    Receive,
    /// Entering the sandbox.
    Jail,
    /// Finding the library's file in the new root.
    Open,
    /// Going to where a program of the machine begins.
    Folder,
    /// Becoming that program.
    Execute,
    /// `dlopen`
    Load,
    /// Symbols and signatures.
    Symbol,
    /// The last filter, and what has to be ready before it.
    Seal,
}

impl StartStep {
    /// As the broker is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Jail => "jail",
            Self::Open => "open",
            Self::Folder => "folder",
            Self::Execute => "execute",
            Self::Load => "load",
            Self::Symbol => "symbol",
            Self::Seal => "seal",
        }
    }
}

/// Why the zone cannot serve.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: {message}", step.name())]
pub struct Failure {
    step: StartStep,
    message: String,
    hint: Option<String>,
    errno: Option<i32>,
}

impl Failure {
    /// A failure that no line of the manifest is to blame for.
    pub fn new(step: StartStep, message: impl Display) -> Self {
        Self { step, message: message.to_string(), hint: None, errno: None }
    }

    /// A failure that a line of the manifest leads to.
    pub fn at(step: StartStep, interface: &Interface, at: Location, message: impl Display) -> Self {
        Self::new(step, format_args!("{}:{}: {message}", interface.source, at.line))
    }

    /// With something to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// With the error number that whoever wanted it started gets.
    #[must_use]
    pub fn errno(mut self, errno: impl Into<Option<i32>>) -> Self {
        self.errno = errno.into();
        self
    }

    /// As the broker is told.
    pub fn into_message(self) -> FromZone {
        let Self { step, message, hint, errno } = self;
        FromZone::Failed { step: step.name().to_owned(), message, hint, errno }
    }
}
