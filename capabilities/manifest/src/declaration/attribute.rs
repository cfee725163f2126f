//! `__attribute__((…))` and `_Alignas(…)`.
//!
//! Most attributes advise the compiler of the one who calls or optimises, and are skipped. Two decide where members
//! stand, and are kept. Some make another type of a type, or another call of a call, and are refused.

use super::constant::{ConstantExpression, constant};
use super::cursor::DeclarationCursor;
use super::lexer::CToken;
use crate::diagnostic::Mistake;
use std::ops::Range;

/// What the attributes at one place say about layout.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LayoutAttributes {
    /// `packed`
    pub packed: bool,
    /// Each `aligned(…)`.
    pub aligned: Vec<Alignment>,
    /// Where one of them stands.
    pub span: Option<Range<usize>>,
}

/// One `aligned(…)`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Alignment {
    /// To how many bytes; `None` is what the machine aligns everything to, 16.
    pub bytes: Option<ConstantExpression>,
    /// Where it stands.
    pub span: Range<usize>,
}

/// What cannot be ignored.
const REFUSED: [&str; 9] = [
    "gcc_struct",
    "mode",
    "ms_abi",
    "ms_struct",
    "regparm",
    "scalar_storage_order",
    "transparent_union",
    "vector_size",
    "aarch64_vector_pcs",
];

impl LayoutAttributes {
    /// Both.
    pub(super) fn extend(&mut self, others: Self) {
        self.packed |= others.packed;
        self.aligned.extend(others.aligned);
        self.span = self.span.take().or(others.span);
    }
}

impl DeclarationCursor<'_> {
    pub(super) fn at_attribute(&self) -> bool {
        self.word(&["__attribute__", "__attribute", "_Alignas", "alignas"])
    }

    /// Reads all that follow.
    pub(super) fn attributes(&mut self) -> Result<LayoutAttributes, Mistake> {
        let mut found = LayoutAttributes::default();
        while self.at_attribute() {
            found.extend(self.attribute()?);
        }
        Ok(found)
    }

    fn attribute(&mut self) -> Result<LayoutAttributes, Mistake> {
        let (_, start) = self.peek();
        let alignas = self.word(&["_Alignas", "alignas"]);
        self.skip();
        if alignas {
            return self.aligned(start);
        }
        if !(self.at('(') && self.ahead(1) == CToken::Sign('(')) {
            return Err(Mistake::new(start, "`((` was expected after this"));
        }
        self.skip();
        self.skip();
        let mut found = LayoutAttributes::default();
        while !self.at(')') {
            match self.peek() {
                (CToken::End, _) => return Err(Mistake::new(start, "this attribute has no end")),
                (CToken::Word(word), span) => found.extend(self.one(word, span)?),
                _ => self.skip(),
            }
        }
        self.skip();
        self.expect(')')?;
        Ok(found)
    }

    /// One attribute of a list, with its arguments.
    fn one(&mut self, word: &str, span: Range<usize>) -> Result<LayoutAttributes, Mistake> {
        self.skip();
        let name = word.strip_prefix("__").and_then(|word| word.strip_suffix("__")).unwrap_or(word);
        match name {
            "aligned" => return self.aligned(span),
            "packed" => return Ok(LayoutAttributes { packed: true, span: Some(span), ..LayoutAttributes::default() }),
            _ if REFUSED.contains(&name) => {
                return Err(Mistake::new(span, format!("the attribute `{name}` is not supported"))
                    .hint("it changes how memory or calls look; leave the declaration out that needs it"));
            }
            _ => {}
        }
        let mut open = 0usize;
        loop {
            match self.peek().0 {
                CToken::Sign('(') => open += 1,
                CToken::End => return Err(Mistake::new(span, "this attribute has no end")),
                CToken::Sign(')') if open > 0 => open -= 1,
                _ if open == 0 => return Ok(LayoutAttributes::default()),
                _ => {}
            }
            self.skip();
        }
    }

    /// What follows `aligned` or `_Alignas`.
    fn aligned(&mut self, start: Range<usize>) -> Result<LayoutAttributes, Mistake> {
        let mut bytes = None;
        if self.take('(') {
            bytes = Some(constant(self)?);
            self.expect(')')?;
        }
        let span = start.start..self.last_end();
        Ok(LayoutAttributes {
            aligned: vec![Alignment { bytes, span: span.clone() }],
            span: Some(span),
            ..LayoutAttributes::default()
        })
    }
}
