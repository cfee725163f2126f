//! A place in a piece of text that is complete.

use crate::chars::{is_name, is_space, starts_name};
use crate::error::{ErrorKind, Fault};

/// A place in a text.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Goes past `token` if it comes next.
    pub(crate) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Goes past white space; was there any?
    pub(crate) fn space(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        self.at > start
    }

    /// White space that has to be there.
    pub(crate) fn need_space(&mut self, kind: ErrorKind) -> Result<(), Fault> {
        if self.space() { Ok(()) } else { Err(self.fault(kind)) }
    }

    pub(crate) fn fault(&self, kind: ErrorKind) -> Fault {
        Fault(kind, self.at)
    }

    /// A name.
    pub(crate) fn name(&mut self, kind: ErrorKind) -> Result<&'a str, Fault> {
        match self.rest().chars().next() {
            Some(first) if starts_name(first) => Ok(self.token()),
            _ => Err(self.fault(kind)),
        }
    }

    /// Characters of names.
    pub(crate) fn token(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// What stands between quotes.
    pub(crate) fn literal(&mut self, kind: ErrorKind) -> Result<&'a str, Fault> {
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\'')).ok_or(self.fault(kind))?;
        let start = self.at + 1;
        let length = self.text[start..].find(char::from(quote)).ok_or(self.fault(ErrorKind::UnclosedToken))?;
        self.at = start + length + 1;
        Ok(&self.text[start..start + length])
    }
}
