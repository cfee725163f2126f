//! Declarators, by recursive descent.
//!
//! A C declarator is written inside out: in `int (*f)(char)` what stands nearest to the name applies first. The
//! parser therefore collects what each level does to the type and applies it from the outside in.

use super::lexer::{Token, tokens};
use super::specifiers::specifiers;
use super::tree::{ArrayLength, Declaration, Name, Parameter, Type, TypeKind};
use crate::diagnostic::Mistake;
use std::ops::Range;

/// How deep declarators and parameter lists may be nested, and how many `*`, `(…)` and `[…]` one declarator may have.
const MAX_DEPTH: usize = 24;
/// How many parameters a function may have.
const MAX_PARAMETERS: usize = 127;

/// Reads one declaration, with or without a semicolon at its end.
pub fn parse(text: &str) -> Result<Declaration, Mistake> {
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0 };
    let declaration = parser.declaration()?;
    while parser.word(&["__attribute__", "__attribute"]) {
        parser.attribute()?;
    }
    let ended = parser.take(';');
    match parser.peek() {
        (Token::End, _) => Ok(declaration),
        (_, span) if ended => Err(several(span)),
        (token, span) => Err(parser.left_over(token, span, &declaration)),
    }
}

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token<'a>, Range<usize>)>,
    next: usize,
    depth: usize,
}

/// What one part of a declarator makes of the type it is applied to.
enum Layer {
    Array(ArrayLength, Range<usize>),
    Function(Vec<Parameter>, Option<Range<usize>>, Range<usize>),
    Pointer { constant: bool, span: Range<usize> },
}

impl<'a> Parser<'a> {
    fn declaration(&mut self) -> Result<Declaration, Mistake> {
        let start = self.peek().1.start;
        let specifiers = specifiers(self)?;
        let (name, layers) = self.declarator()?;
        let c_type = layers.into_iter().rev().try_fold(specifiers.c_type, wrap)?;
        Ok(Declaration { name, c_type, typedef: specifiers.typedef, span: start..self.last_end().max(start) })
    }

    /// The name and the layers, innermost (nearest to the name) first.
    fn declarator(&mut self) -> Result<(Option<Name>, Vec<Layer>), Mistake> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Mistake::new(self.peek().1, "the declaration is nested too deeply"));
        }
        let mut pointers = Vec::new();
        while let (Token::Sign('*'), span) = self.peek() {
            self.skip();
            let constant = self.qualifiers()?;
            pointers.push(Layer::Pointer { constant, span: span.start..self.last_end() });
        }
        let (name, mut layers) = self.direct()?;
        layers.extend(pointers.into_iter().rev());
        self.depth -= 1;
        if layers.len() > MAX_DEPTH {
            return Err(Mistake::new(self.peek().1, "the declaration is nested too deeply"));
        }
        Ok((name, layers))
    }

    fn direct(&mut self) -> Result<(Option<Name>, Vec<Layer>), Mistake> {
        let (token, span) = self.peek();
        let (name, mut layers) = match token {
            Token::Word(word) => {
                self.skip();
                (Some(Name { text: word.to_owned(), span }), Vec::new())
            }
            Token::Sign('(') if self.parenthesis_is_declarator() => {
                self.skip();
                let inner = self.declarator()?;
                self.expect(')')?;
                inner
            }
            _ => (None, Vec::new()),
        };
        loop {
            match self.peek() {
                (Token::Sign('['), span) => layers.push(self.array(span.start)?),
                (Token::Sign('('), span) => layers.push(self.function(span.start)?),
                _ => return Ok((name, layers)),
            }
        }
    }

    /// `(` begins a declarator (`(*f)`) or, where the name is left out, a parameter list (`int (int)`).
    fn parenthesis_is_declarator(&self) -> bool {
        match self.tokens.get(self.next + 1) {
            Some((Token::Sign('*' | '(' | '['), _)) => true,
            Some((Token::Word(_), _)) => {
                matches!(self.tokens.get(self.next + 2), Some((Token::Sign(')' | '(' | '['), _)))
                    && !matches!(self.tokens.get(self.next + 1), Some((Token::Word("void" | "int" | "char"), _)))
            }
            _ => false,
        }
    }

    fn qualifiers(&mut self) -> Result<bool, Mistake> {
        let mut constant = false;
        loop {
            if self.word(&["const", "__const", "__const__"]) {
                constant = true;
            } else if self.word(&["__attribute__", "__attribute"]) {
                self.attribute()?;
                continue;
            } else if !self.word(&[
                "restrict",
                "__restrict",
                "__restrict__",
                "volatile",
                "__volatile__",
                "_Nonnull",
                "_Nullable",
            ]) {
                return Ok(constant);
            }
            self.skip();
        }
    }

    fn array(&mut self, start: usize) -> Result<Layer, Mistake> {
        self.skip();
        let mut length = ArrayLength::Open;
        loop {
            let (token, span) = self.peek();
            self.skip();
            match token {
                Token::Sign(']') => return Ok(Layer::Array(length, start..span.end)),
                Token::Word("static" | "const" | "restrict" | "volatile") if length == ArrayLength::Open => {}
                Token::Number(digits) if length == ArrayLength::Open => {
                    length = integer(digits)
                        .map(ArrayLength::Fixed)
                        .ok_or_else(|| Mistake::new(span, format!("`{digits}` is no length")))?;
                }
                Token::Number(_) | Token::Word(_) | Token::Sign('*' | '+' | '-' | '/' | '(' | ')') => {
                    length = ArrayLength::Expression;
                }
                _ => return Err(Mistake::new(span, format!("`]` was expected, not {}", token.describe()))),
            }
        }
    }

    fn function(&mut self, start: usize) -> Result<Layer, Mistake> {
        self.skip();
        let mut parameters = Vec::new();
        let mut variadic = None;
        if self.word(&["void"]) && matches!(self.tokens.get(self.next + 1), Some((Token::Sign(')'), _))) {
            self.skip();
        }
        while !self.at(')') {
            match self.peek() {
                (Token::Ellipsis, span) => {
                    self.skip();
                    variadic = Some(span);
                    break;
                }
                (_, span) if parameters.len() == MAX_PARAMETERS => {
                    return Err(Mistake::new(span, format!("a function has at most {MAX_PARAMETERS} parameters")));
                }
                _ => parameters.push(self.parameter()?),
            }
            if !self.take(',') {
                break;
            }
            if let (Token::Sign(')'), span) = self.peek() {
                return Err(Mistake::new(span, "a parameter was expected after the comma"));
            }
        }
        self.expect(')')?;
        Ok(Layer::Function(parameters, variadic, start..self.last_end()))
    }

    fn parameter(&mut self) -> Result<Parameter, Mistake> {
        let parameter = self.declaration()?;
        while self.word(&["__attribute__", "__attribute"]) {
            self.attribute()?;
        }
        match self.peek() {
            (Token::Sign(',' | ')'), _) => Ok(parameter),
            (token, span) => Err(self.left_over(token, span, &parameter)),
        }
    }

    /// Skips `__attribute__((…))`.
    pub(super) fn attribute(&mut self) -> Result<(), Mistake> {
        let (_, start) = self.peek();
        self.skip();
        let mut open = 0usize;
        loop {
            match self.peek().0 {
                Token::Sign('(') => open += 1,
                Token::Sign(')') => open = open.saturating_sub(1),
                Token::End => return Err(Mistake::new(start, "this attribute has no end")),
                _ if open == 0 => return Err(Mistake::new(start, "`((` was expected after this")),
                _ => {}
            }
            self.skip();
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn left_over(&self, token: Token<'_>, span: Range<usize>, before: &Declaration) -> Mistake {
        let mistake = |message: String| Mistake::new(span.clone(), message);
        match (token, &before.name) {
            (Token::Word(_), Some(name)) if before.span.end == name.span.end => {
                let text = format!("two names follow each other: `{}` and {}", name.text, token.describe());
                mistake(text).hint(format!(
                    "if `{}` is a macro, leave it out; if it is part of the type, the type is unknown",
                    name.text
                ))
            }
            (Token::Sign('='), _) => mistake("a prototype has no default values".into())
                .hint("put them into the manifest: `parameter = { default = 1 }`"),
            (Token::Sign('{'), _) => mistake("only the declaration is wanted here, without a body".into()),
            (Token::Sign(',' | ';'), _) => several(span.clone()),
            (Token::End, _) => mistake("`)` was expected before the end".into()),
            _ => mistake(format!("{} was not expected here", token.describe())),
        }
    }

    pub(super) fn peek(&self) -> (Token<'a>, Range<usize>) {
        // The lexer ends with `End`, and `skip` never goes past it.
        self.tokens[self.next].clone()
    }

    pub(super) fn skip(&mut self) {
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
    }

    /// Where the last word that was read ends.
    pub(super) fn last_end(&self) -> usize {
        self.next.checked_sub(1).map_or(0, |last| self.tokens[last].1.end)
    }

    pub(super) fn text(&self, span: &Range<usize>) -> &'a str {
        &self.text[span.clone()]
    }

    fn at(&self, sign: char) -> bool {
        self.peek().0 == Token::Sign(sign)
    }

    fn take(&mut self, sign: char) -> bool {
        let found = self.at(sign);
        if found {
            self.skip();
        }
        found
    }

    fn word(&self, words: &[&str]) -> bool {
        matches!(self.peek().0, Token::Word(word) if words.contains(&word))
    }

    fn expect(&mut self, sign: char) -> Result<(), Mistake> {
        let (token, span) = self.peek();
        if self.take(sign) {
            return Ok(());
        }
        Err(Mistake::new(span, format!("`{sign}` was expected, not {}", token.describe())))
    }
}

fn several(span: Range<usize>) -> Mistake {
    Mistake::new(span, "one declaration is wanted here, not several")
        .hint("each function has a table of its own: [functions.NAME]")
}

fn wrap(inner: Type, layer: Layer) -> Result<Type, Mistake> {
    let simple = |kind, span| Ok(Type { kind, constant: false, span });
    match (layer, &inner.kind) {
        (Layer::Function(_, _, span), TypeKind::Function { .. }) => {
            Err(Mistake::new(span, "a function cannot return a function"))
        }
        (Layer::Function(_, _, span), TypeKind::Array { .. }) => {
            Err(Mistake::new(span, "a function cannot return an array"))
        }
        (Layer::Array(_, span), TypeKind::Function { .. }) => {
            Err(Mistake::new(span, "there are no arrays of functions"))
        }
        (Layer::Array(_, span), TypeKind::Void) => Err(Mistake::new(span, "there are no arrays of void")),
        (Layer::Array(length, span), _) => simple(TypeKind::Array { of: Box::new(inner), length }, span),
        (Layer::Function(parameters, variadic, span), _) => {
            simple(TypeKind::Function { returns: Box::new(inner), parameters, variadic }, span)
        }
        (Layer::Pointer { constant, span }, _) => {
            let span = if inner.span.end <= span.start { inner.span.start..span.end } else { span };
            Ok(Type { kind: TypeKind::Pointer(Box::new(inner)), constant, span })
        }
    }
}

fn integer(digits: &str) -> Option<u64> {
    let digits = digits.trim_end_matches(['u', 'U', 'l', 'L']);
    match digits.get(..2) {
        Some("0x" | "0X") => u64::from_str_radix(&digits[2..], 16).ok(),
        _ if digits.len() > 1 && digits.starts_with('0') => u64::from_str_radix(digits, 8).ok(),
        _ => digits.parse().ok(),
    }
}
