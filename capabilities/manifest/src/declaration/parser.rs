//! Declarators, by recursive descent.
//!
//! A C declarator is written inside out: in `int (*f)(char)` what stands nearest to the name applies first. The
//! parser therefore collects what each level does to the type and applies it from the outside in.

use super::constant::constant;
use super::cursor::{DeclarationCursor, MAX_DEPTH, too_deep};
use super::integer::Integer;
use super::lexer::CToken;
use super::specifiers::specifiers;
use super::tree::{ArrayLength, Declaration, Name, ParameterDeclaration, QualifiedType, UnqualifiedType};
use crate::diagnostic::Mistake;
use std::ops::Range;

/// How many parameters a function may have.
const MAX_PARAMETERS: usize = 127;

/// Reads one declaration, with or without a semicolon at its end. `own` knows the names of types that the C library has not.
pub fn parse(text: &str, own: &dyn Fn(&str) -> bool) -> Result<Declaration, Mistake> {
    let mut parser = DeclarationCursor::new(text, own)?;
    let declaration = parser.declaration()?;
    parser.attributes()?;
    let ended = parser.take(';');
    match parser.peek() {
        (CToken::End, _) => Ok(declaration),
        (_, span) if ended => Err(several(span)),
        (token, span) => Err(parser.left_over(token, span, &declaration)),
    }
}

/// Reads a list of parameters: `int a, double b`.
pub(super) fn parse_parameters(text: &str, own: &dyn Fn(&str) -> bool) -> Result<Vec<ParameterDeclaration>, Mistake> {
    let mut parser = DeclarationCursor::new(text, own)?;
    let (parameters, variadic) = parser.parameters(CToken::End)?;
    match (parser.peek(), variadic) {
        (_, Some(span)) => Err(Mistake::new(span, "this stands for `...` and cannot have one itself")),
        ((CToken::End, _), None) => Ok(parameters),
        ((token, span), None) => Err(Mistake::new(span, format!("{} was not expected here", token.describe()))),
    }
}

/// What one part of a declarator makes of the type it is applied to.
enum Layer {
    Array(ArrayLength, Range<usize>),
    Function(Vec<ParameterDeclaration>, Option<Range<usize>>, Range<usize>),
    Pointer { constant: bool, span: Range<usize> },
}

impl DeclarationCursor<'_> {
    fn declaration(&mut self) -> Result<Declaration, Mistake> {
        let start = self.peek().1.start;
        let specifiers = specifiers(self)?;
        let (name, c_type) = self.declared(specifiers.c_type)?;
        Ok(Declaration { name, c_type, typedef: specifiers.typedef, span: start..self.last_end().max(start) })
    }

    /// A declarator, and what it makes of a type.
    pub(super) fn declared(&mut self, base: QualifiedType) -> Result<(Option<Name>, QualifiedType), Mistake> {
        let (name, layers) = self.declarator()?;
        Ok((name, layers.into_iter().rev().try_fold(base, wrap)?))
    }

    /// The name and the layers, innermost (nearest to the name) first.
    fn declarator(&mut self) -> Result<(Option<Name>, Vec<Layer>), Mistake> {
        let mut pointers = Vec::new();
        while let (CToken::Sign('*'), span) = self.peek() {
            self.skip();
            let constant = self.qualifiers()?;
            pointers.push(Layer::Pointer { constant, span: span.start..self.last_end() });
        }
        let (name, mut layers) = self.nested(Self::direct)?;
        layers.extend(pointers.into_iter().rev());
        if layers.len() > MAX_DEPTH {
            return Err(too_deep(self.peek().1));
        }
        Ok((name, layers))
    }

    fn direct(&mut self) -> Result<(Option<Name>, Vec<Layer>), Mistake> {
        let (token, span) = self.peek();
        let (name, mut layers) = match token {
            CToken::Word(word) => {
                self.skip();
                (Some(Name { text: word.to_owned(), span }), Vec::new())
            }
            CToken::Sign('(') if self.parenthesis_is_declarator() => {
                self.skip();
                let inner = self.declarator()?;
                self.expect(')')?;
                inner
            }
            _ => (None, Vec::new()),
        };
        loop {
            match self.peek() {
                (CToken::Sign('['), span) => layers.push(self.array(span.start)?),
                (CToken::Sign('('), span) => layers.push(self.function(span.start)?),
                _ => return Ok((name, layers)),
            }
        }
    }

    /// `(` begins a declarator (`(*f)`) or, where the name is left out, a parameter list (`int (int)`).
    fn parenthesis_is_declarator(&self) -> bool {
        match self.ahead(1) {
            CToken::Sign('*' | '(' | '[') => true,
            CToken::Word(word) => {
                matches!(self.ahead(2), CToken::Sign(')' | '(' | '[')) && !is_type_word(word) && !self.is_type(word)
            }
            _ => false,
        }
    }

    fn qualifiers(&mut self) -> Result<bool, Mistake> {
        let mut constant = false;
        loop {
            if self.word(&["const", "__const", "__const__"]) {
                constant = true;
            } else if self.at_attribute() {
                if let Some(span) = self.attributes()?.span {
                    return Err(Mistake::new(span, "pointers cannot be packed or aligned like this")
                        .hint("behind the name it says so of the member"));
                }
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
        while self.word(&["static", "const", "restrict", "__restrict", "volatile"]) {
            self.skip();
        }
        let length = if self.at(']') { ArrayLength::Open } else { self.length()? };
        self.expect(']')?;
        Ok(Layer::Array(length, start..self.last_end()))
    }

    /// A constant, or anything else that C calculates when the function is called.
    fn length(&mut self) -> Result<ArrayLength, Mistake> {
        let mark = self.mark();
        let mistake = match constant(self) {
            Ok(constant) if self.at(']') => return Ok(ArrayLength::Constant(constant)),
            Ok(constant) => Mistake::new(constant.span(), "this is not the whole length"),
            Err(mistake) => mistake,
        };
        self.back_to(mark);
        loop {
            match self.peek() {
                (CToken::Sign(']'), _) => return Ok(ArrayLength::Variable(Box::new(mistake))),
                (CToken::Number(digits), span) if Integer::literal(digits).is_none() => {
                    return Err(Mistake::new(span, format!("`{digits}` is no length")));
                }
                (CToken::Sign(';' | '{' | '}' | '=' | ':') | CToken::End | CToken::Ellipsis, span) => {
                    return Err(Mistake::new(span, format!("`]` was expected, not {}", self.peek().0.describe())));
                }
                _ => self.skip(),
            }
        }
    }

    fn function(&mut self, start: usize) -> Result<Layer, Mistake> {
        self.skip();
        let bodies = self.bodies.take();
        let (parameters, variadic) = self.parameters(CToken::Sign(')'))?;
        self.bodies = bodies;
        self.expect(')')?;
        Ok(Layer::Function(parameters, variadic, start..self.last_end()))
    }

    /// The parameters up to that word, and where `...` stands.
    fn parameters(&mut self, end: CToken<'_>) -> Result<(Vec<ParameterDeclaration>, Option<Range<usize>>), Mistake> {
        let mut parameters = Vec::new();
        if self.word(&["void"]) && self.ahead(1) == end {
            self.skip();
        }
        while self.peek().0 != end {
            match self.peek() {
                (CToken::Ellipsis, span) => {
                    self.skip();
                    return Ok((parameters, Some(span)));
                }
                (_, span) if parameters.len() == MAX_PARAMETERS => {
                    return Err(Mistake::new(span, format!("a function has at most {MAX_PARAMETERS} parameters")));
                }
                _ => parameters.push(self.parameter(end)?),
            }
            if !self.take(',') {
                break;
            }
            if self.peek().0 == end {
                return Err(Mistake::new(self.peek().1, "a parameter was expected after the comma"));
            }
        }
        Ok((parameters, None))
    }

    fn parameter(&mut self, end: CToken<'_>) -> Result<ParameterDeclaration, Mistake> {
        let parameter = self.declaration()?;
        self.attributes()?;
        match self.peek() {
            (CToken::Sign(','), _) => Ok(parameter),
            (token, _) if token == end => Ok(parameter),
            (token, span) => Err(self.left_over(token, span, &parameter)),
        }
    }

    fn left_over(&self, token: CToken<'_>, span: Range<usize>, before: &Declaration) -> Mistake {
        let mistake = |message: String| Mistake::new(span.clone(), message);
        match (token, &before.name) {
            (CToken::Word(_), Some(name)) if before.span.end == name.span.end => {
                let text = format!("two names follow each other: `{}` and {}", name.text, token.describe());
                mistake(text).hint(format!(
                    "if `{}` is a macro, leave it out; if it is part of the type, the type is unknown",
                    name.text
                ))
            }
            (CToken::Sign('='), _) => mistake("a prototype has no default values".into())
                .hint("put them into the manifest: `parameter = { default = 1 }`"),
            (CToken::Sign('{'), _) => mistake("only the declaration is wanted here, without a body".into()),
            (CToken::Sign(',' | ';'), _) => several(span.clone()),
            (CToken::End, _) => mistake("`)` was expected before the end".into()),
            _ => mistake(format!("{} was not expected here", token.describe())),
        }
    }
}

fn several(span: Range<usize>) -> Mistake {
    Mistake::new(span, "one declaration is wanted here, not several")
        .hint("each function has a table of its own: [functions.NAME]")
}

fn wrap(inner: QualifiedType, layer: Layer) -> Result<QualifiedType, Mistake> {
    let simple = |kind, span| Ok(QualifiedType { kind, constant: false, span });
    match (layer, &inner.kind) {
        (Layer::Function(_, _, span), UnqualifiedType::Function { .. }) => {
            Err(Mistake::new(span, "a function cannot return a function"))
        }
        (Layer::Function(_, _, span), UnqualifiedType::Array { .. }) => {
            Err(Mistake::new(span, "a function cannot return an array"))
        }
        (Layer::Array(_, span), UnqualifiedType::Function { .. }) => {
            Err(Mistake::new(span, "there are no arrays of functions"))
        }
        (Layer::Array(_, span), UnqualifiedType::Void) => Err(Mistake::new(span, "there are no arrays of void")),
        (Layer::Array(length, span), _) => simple(UnqualifiedType::Array { of: Box::new(inner), length }, span),
        (Layer::Function(parameters, variadic, span), _) => {
            simple(UnqualifiedType::Function { returns: Box::new(inner), parameters, variadic }, span)
        }
        (Layer::Pointer { constant, span }, _) => {
            let span = if inner.span.end <= span.start { inner.span.start..span.end } else { span };
            Ok(QualifiedType { kind: UnqualifiedType::Pointer(Box::new(inner)), constant, span })
        }
    }
}

fn is_type_word(word: &str) -> bool {
    matches!(word, "void" | "int" | "char" | "short" | "long" | "float" | "double" | "unsigned" | "signed" | "bool")
}
