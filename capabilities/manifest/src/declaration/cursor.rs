//! Where in the words of a text the parser is.

use super::lexer::{CToken, tokens};
use super::tree::Body;
use super::typedefs;
use crate::diagnostic::Mistake;
use std::ops::Range;

/// How deep declarators, parameter lists and bodies may be nested.
pub(super) const MAX_DEPTH: usize = 24;

/// A text, and how far it has been read.
pub(super) struct DeclarationCursor<'a> {
    text: &'a str,
    tokens: Vec<(CToken<'a>, Range<usize>)>,
    next: usize,
    depth: usize,
    /// The names of types besides those of the C library.
    own: &'a dyn Fn(&str) -> bool,
    /// The structs, unions and enumerations with members that have been read, inner ones first; `None` where there can
    /// be none.
    pub(super) bodies: Option<Vec<Body>>,
}

impl<'a> DeclarationCursor<'a> {
    pub(super) fn new(text: &'a str, own: &'a dyn Fn(&str) -> bool) -> Result<Self, Mistake> {
        Ok(Self { text, tokens: tokens(text)?, next: 0, depth: 0, own, bodies: None })
    }

    /// Whether a word is the name of a type.
    pub(super) fn is_type(&self, word: &str) -> bool {
        typedefs::find(word).is_some() || (self.own)(word)
    }

    /// Reads something that may contain itself.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        if self.depth == MAX_DEPTH {
            return Err(too_deep(self.peek().1));
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    pub(super) fn peek(&self) -> (CToken<'a>, Range<usize>) {
        // The lexer ends with `End`, and `skip` never goes past it.
        self.tokens[self.next].clone()
    }

    /// The word so many words behind the next one.
    pub(super) fn ahead(&self, words: usize) -> CToken<'a> {
        self.tokens.get(self.next + words).map_or(CToken::End, |(token, _)| *token)
    }

    pub(super) fn skip(&mut self) {
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
    }

    /// Where it is, for [`Self::back_to`].
    pub(super) fn mark(&self) -> usize {
        self.next
    }

    pub(super) fn back_to(&mut self, mark: usize) {
        self.next = mark;
    }

    /// Where the last word that was read ends.
    pub(super) fn last_end(&self) -> usize {
        self.next.checked_sub(1).map_or(0, |last| self.tokens[last].1.end)
    }

    pub(super) fn text(&self, span: &Range<usize>) -> &'a str {
        &self.text[span.clone()]
    }

    pub(super) fn at(&self, sign: char) -> bool {
        self.peek().0 == CToken::Sign(sign)
    }

    /// Whether these signs follow without anything between them.
    pub(super) fn at_signs(&self, signs: &str) -> bool {
        let (_, start) = self.peek();
        let follows = |(index, sign): (usize, char)| {
            let next = self.tokens.get(self.next + index);
            next.is_some_and(|(token, span)| *token == CToken::Sign(sign) && span.start == start.start + index)
        };
        signs.chars().enumerate().all(follows)
    }

    pub(super) fn take(&mut self, sign: char) -> bool {
        let found = self.at(sign);
        if found {
            self.skip();
        }
        found
    }

    /// Whether the next word is one of these.
    pub(super) fn word(&self, words: &[&str]) -> bool {
        matches!(self.peek().0, CToken::Word(word) if words.contains(&word))
    }

    pub(super) fn expect(&mut self, sign: char) -> Result<(), Mistake> {
        let (token, span) = self.peek();
        if self.take(sign) {
            return Ok(());
        }
        Err(Mistake::new(span, format!("`{sign}` was expected, not {}", token.describe())))
    }
}

pub(super) fn too_deep(span: Range<usize>) -> Mistake {
    Mistake::new(span, "the declaration is nested too deeply")
}
