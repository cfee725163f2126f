//! What only bounds may look at: bytes, floating-point numbers, lengths, lists of constants, members of structs.
//!
//! A side of a comparison that is no integer stands alone there: nothing is calculated with it. So each test becomes one part
//! of the expression that knows its constants, and the zone has nothing to convert.

use super::{Parsed, Parser, Token};
use crate::diagnostic::Mistake;
use cloison_contract::FunctionId;
use cloison_contract::expression::{BytesTest, Environment, EvaluationError, Expression, Operator, Real};
use cloison_contract::shape::Shape;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::{CType, Member, MemberRole, NumberPlace, Record};
use std::ops::Range;

/// One side of a comparison.
pub(super) enum Operand {
    /// The bytes of the argument at that position.
    Bytes(usize),
    /// A number with a fraction.
    Fraction(f64),
    /// Whole numbers.
    Integer(Expression),
    /// A floating-point argument, or a member that is one.
    Real(Real),
    /// A text in quotes.
    Text(Vec<u8>),
}

/// An operator that is a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum WordOperator {
    EndsWith,
    In,
    StartsWith,
}

const TEXTS_ARE_TESTED_BY: &str = "texts are tested by `==`, `!=`, `in [\"…\", \"…\"]`, `starts_with` and `ends_with`";

impl<'a> Parser<'a> {
    pub(super) fn side(&mut self) -> Result<Operand, Mistake> {
        let Some(arguments) = self.scope.arguments else { return self.sum().map(Operand::Integer) };
        match (self.token(0), self.token(1)) {
            (Some(Token::Text(bytes)), _) => {
                self.next += 1;
                Ok(Operand::Text(bytes))
            }
            (Some(Token::Fraction(value)), _) => {
                self.next += 1;
                Ok(Operand::Fraction(value))
            }
            (Some(Token::Sign("-")), Some(Token::Fraction(value))) => {
                self.next += 2;
                Ok(Operand::Fraction(-value))
            }
            (Some(Token::Name(name)), after) => {
                let Some(index) = self.scope.parameters.iter().position(|(known, _)| *known == name) else {
                    return self.sum().map(Operand::Integer);
                };
                let start = self.next;
                self.next += 1;
                let shape = &arguments.parameters[index].shape;
                if after == Some(Token::Sign(".")) {
                    let place = self.member(index)?;
                    if place.scalar.is_float() {
                        return Ok(Operand::Real(Real::Member(index, place)));
                    }
                } else if shape.has_bytes() {
                    return Ok(Operand::Bytes(index));
                } else if shape.is_real() {
                    return Ok(Operand::Real(Real::Parameter(index)));
                }
                // It is an integer, or the beginning of one.
                self.next = start;
                self.sum().map(Operand::Integer)
            }
            _ => self.sum().map(Operand::Integer),
        }
    }

    /// A side without a comparison.
    pub(super) fn alone(&self, side: Operand, start: usize) -> Parsed {
        match side {
            Operand::Integer(expression) => Ok(expression),
            Operand::Bytes(_) | Operand::Text(_) => {
                Err(Mistake::new(self.since(start), "text or bytes alone say nothing").hint(TEXTS_ARE_TESTED_BY))
            }
            Operand::Fraction(_) | Operand::Real(_) => {
                Err(Mistake::new(self.since(start), "a floating-point number can only be compared with a number")
                    .hint("nothing is calculated with it: write `x >= 0.5 && x <= 1.5`"))
            }
        }
    }

    pub(super) fn compare(&self, left: Operand, operator: Operator, right: Operand, start: usize) -> Parsed {
        match (left, right) {
            (Operand::Integer(left), Operand::Integer(right)) => {
                Ok(Expression::Binary(operator, Box::new(left), Box::new(right)))
            }
            (Operand::Bytes(index), Operand::Text(text)) | (Operand::Text(text), Operand::Bytes(index)) => {
                let equal = Expression::Bytes(index, BytesTest::OneOf(vec![self.text_for(index, text, start)?]));
                match operator {
                    Operator::Equal => Ok(equal),
                    Operator::NotEqual => Ok(Expression::Not(Box::new(equal))),
                    Operator::Add
                    | Operator::And
                    | Operator::Divide
                    | Operator::Greater
                    | Operator::GreaterOrEqual
                    | Operator::Less
                    | Operator::LessOrEqual
                    | Operator::Multiply
                    | Operator::Or
                    | Operator::Remainder
                    | Operator::Subtract => {
                        Err(Mistake::new(self.since(start), "texts have no order here").hint(TEXTS_ARE_TESTED_BY))
                    }
                }
            }
            (Operand::Bytes(_), _) | (_, Operand::Bytes(_)) => Err(Mistake::new(
                self.since(start),
                "text or bytes are compared with a text in quotes, and with nothing else",
            )
            .hint(TEXTS_ARE_TESTED_BY)),
            (Operand::Real(real), with) => Ok(Expression::Compare(real, operator, self.constant_real(&with, start)?)),
            (with, Operand::Real(real)) => {
                Ok(Expression::Compare(real, operator.mirrored(), self.constant_real(&with, start)?))
            }
            (Operand::Integer(_), Operand::Fraction(_)) | (Operand::Fraction(_), Operand::Integer(_)) => {
                Err(Mistake::new(self.since(start), "a whole number is compared with whole numbers only"))
            }
            (Operand::Fraction(_) | Operand::Text(_), _) | (_, Operand::Text(_)) => {
                Err(Mistake::new(self.since(start), "no argument stands in this comparison that fits its other side"))
            }
        }
    }

    pub(super) fn word_operator(&mut self) -> Option<WordOperator> {
        self.scope.arguments?;
        let found = match self.token(0) {
            Some(Token::Name("ends_with")) => WordOperator::EndsWith,
            Some(Token::Name("in")) => WordOperator::In,
            Some(Token::Name("starts_with")) => WordOperator::StartsWith,
            _ => return None,
        };
        self.next += 1;
        Some(found)
    }

    /// What follows a word operator.
    pub(super) fn word_test(&mut self, left: Operand, word: WordOperator, start: usize) -> Parsed {
        if word == WordOperator::In {
            return self.list(left, start);
        }
        let Operand::Bytes(index) = left else {
            return Err(Mistake::new(
                self.since(start),
                "the name of a parameter that is a text or bytes stands on the left",
            ));
        };
        let text = match self.advance()? {
            (Token::Text(text), span) if text.is_empty() => {
                return Err(Mistake::new(span, "every text begins and ends with an empty one"));
            }
            (Token::Text(text), span) => self.text_for(index, text, span.start)?,
            (_, span) => {
                return Err(Mistake::new(span, "a text in quotes was expected here")
                    .hint("write it as in `path starts_with \"/data/\"`"));
            }
        };
        Ok(Expression::Bytes(
            index,
            match word {
                WordOperator::EndsWith => BytesTest::EndsWith(text),
                WordOperator::In | WordOperator::StartsWith => BytesTest::StartsWith(text),
            },
        ))
    }

    /// `[1, 6]`, `["r", "rb"]`
    fn list(&mut self, left: Operand, start: usize) -> Parsed {
        let open = self.here();
        if !self.take("[") {
            return Err(Mistake::new(open, "a list was expected here")
                .hint("write `level in [1, 6]` or `mode in [\"r\", \"rb\"]`"));
        }
        if self.take("]") {
            return Err(Mistake::new(open.start..self.since(start).end, "an empty list lets nothing through")
                .hint("to allow no call, leave the function out of `allow`"));
        }
        let tested = match left {
            Operand::Bytes(index) => {
                let texts = self.entries(|parser| match parser.advance()? {
                    (Token::Text(text), span) => parser.text_for(index, text, span.start),
                    (_, span) => Err(Mistake::new(span, "a text in quotes was expected here")),
                })?;
                Expression::Bytes(index, BytesTest::OneOf(texts))
            }
            Operand::Integer(value) => {
                let numbers = self.entries(|parser| {
                    let start = parser.here().start;
                    let entry = parser.sum()?;
                    parser.constant(&entry, start)
                })?;
                Expression::OneOf(Box::new(value), numbers)
            }
            Operand::Fraction(_) | Operand::Real(_) => {
                return Err(Mistake::new(self.since(start), "a floating-point number is no member of a list")
                    .hint("write `x >= 0.5 && x <= 1.5`"));
            }
            Operand::Text(_) => {
                return Err(Mistake::new(self.since(start), "the name of a parameter stands on the left of `in`"));
            }
        };
        Ok(tested)
    }

    /// What stands in a list, up to its end.
    fn entries<T>(&mut self, entry: impl Fn(&mut Self) -> Result<T, Mistake>) -> Result<Vec<T>, Mistake> {
        let mut found = vec![entry(self)?];
        while self.take(",") {
            found.push(entry(self)?);
        }
        self.expect("]")?;
        Ok(found)
    }

    /// The value of an expression that stands there and names no argument.
    fn constant(&self, expression: &Expression, start: usize) -> Result<i128, Mistake> {
        expression.evaluate(&mut Nothing).map_err(|error| {
            let message = if error == EvaluationError::Unknown {
                "only constants stand here".to_owned()
            } else {
                format!("this has no value: {error}")
            };
            Mistake::new(self.since(start), message)
        })
    }

    /// What a floating-point number is compared with.
    fn constant_real(&self, side: &Operand, start: usize) -> Result<f64, Mistake> {
        let no_constant = "a floating-point number is compared with a number that stands there, and with nothing else";
        match side {
            Operand::Fraction(value) => Ok(*value),
            Operand::Integer(expression) => {
                let value =
                    expression.evaluate(&mut Nothing).map_err(|_| Mistake::new(self.since(start), no_constant))?;
                match value as f64 {
                    // The largest one would be rounded up and cut off again.
                    real if real as i128 == value && value < i128::MAX => Ok(real),
                    _ => Err(Mistake::new(self.since(start), "no floating-point number is exactly this whole number")),
                }
            }
            Operand::Bytes(_) | Operand::Real(_) | Operand::Text(_) => {
                Err(Mistake::new(self.since(start), no_constant))
            }
        }
    }

    /// A text that the argument at that position could be.
    fn text_for(&self, index: usize, text: Vec<u8>, start: usize) -> Result<Vec<u8>, Mistake> {
        let is_text = self.scope.arguments.is_some_and(|all| matches!(all.parameters[index].shape, Shape::Text(_)));
        match is_text && text.contains(&0) {
            true => {
                let (name, _) = self.scope.parameters[index];
                Err(Mistake::new(self.since(start), format!("`{name}` is a text, in which there is no NUL")))
            }
            false => Ok(text),
        }
    }

    /// Whether `len(…)` is the length of an argument: in a bound, unless the manifest has a function of that name.
    pub(super) fn has_len(&self) -> bool {
        self.scope.arguments.is_some() && !self.scope.functions.iter().any(|callee| callee.name == "len")
    }

    /// What stands between the parentheses of `len(…)`.
    pub(super) fn length(&mut self) -> Parsed {
        let (token, span) = self.advance()?;
        let Token::Name(name) = token else {
            return Err(
                Mistake::new(span, "the name of a parameter was expected here").hint("write `len(data) <= 4096`")
            );
        };
        let (index, _) = self.find(name, span.clone())?;
        let shape = self.scope.arguments.map(|all| &all.parameters[index].shape);
        if !shape.is_some_and(Shape::has_length) {
            return Err(match shape {
                Some(shape) if shape.buffer().is_some() => written_later(name, span),
                Some(_) | None => Mistake::new(span, format!("`{name}` has no length"))
                    .hint("`len` takes a parameter that is a text or a buffer, and that Python passes"),
            });
        }
        self.expect(")")?;
        Ok(Expression::Length(index))
    }

    /// A parameter's number, or that of one of its members.
    pub(super) fn argument_number(&mut self, name: &str, span: Range<usize>) -> Parsed {
        let is_member = self.scope.arguments.is_some() && self.token(0) == Some(Token::Sign("."));
        if !is_member {
            return self.parameter(name, span);
        }
        let (index, _) = self.find(name, span.clone())?;
        let place = self.member(index)?;
        match place.scalar.is_float() {
            false => Ok(Expression::Member(index, place)),
            true => self.alone(Operand::Real(Real::Member(index, place)), span.start),
        }
    }

    /// Where the member stands that the names behind a parameter's lead to, from the first `.` on.
    fn member(&mut self, index: usize) -> Result<NumberPlace, Mistake> {
        let (name, _) = self.scope.parameters[index];
        let own = self.tokens[self.next.saturating_sub(1)].1.clone();
        let Some(arguments) = self.scope.arguments else {
            return Err(Mistake::new(own, "members are known in bounds only"));
        };
        let shape = &arguments.parameters[index].shape;
        let Some(passed) = shape.passed_record() else {
            return Err(match shape {
                Shape::Record(_) => written_later(name, own),
                Shape::Buffer(_)
                | Shape::Callback(_)
                | Shape::CapacityOf(_)
                | Shape::Constant(_)
                | Shape::Handle(_)
                | Shape::LengthOf(_)
                | Shape::Number(_)
                | Shape::OutPointer(_)
                | Shape::ScalarPointer(_)
                | Shape::Text(_)
                | Shape::Wide(_) => Mistake::new(own, format!("`{name}` is no struct, and has no members")),
            });
        };
        let mut record = Record::of(arguments.types, passed.id);
        let (mut offset, mut holder) = (0_u64, (name.to_owned(), own));
        while self.take(".") {
            let (wanted, span) = match self.advance()? {
                (Token::Name(wanted), span) => (wanted, span),
                (_, span) => return Err(Mistake::new(span, "the name of a member was expected here")),
            };
            let Some(own) = record else {
                return Err(Mistake::new(holder.1, format!("`{}` is no struct, and has no members", holder.0)));
            };
            let member = member_of(own, &holder.0, wanted, span.clone())?;
            if self.token(0) != Some(Token::Sign(".")) {
                return NumberPlace::of(member, offset).ok_or_else(|| no_number(member, span));
            }
            record =
                if let CType::Record { id, .. } = &member.c_type { Record::of(arguments.types, *id) } else { None };
            offset = offset.saturating_add(member.offset);
            holder = (wanted.to_owned(), span);
        }
        Err(Mistake::new(holder.1, format!("`{}` is a struct", holder.0)))
    }

    /// Whether bounds say something about that parameter which is no integer.
    pub(super) fn is_testable(&self, index: usize) -> bool {
        self.scope.arguments.is_some_and(|all| match &all.parameters[index].shape {
            Shape::Buffer(_) | Shape::Record(_) | Shape::Text(_) => true,
            Shape::Number(number) => number.scalar.is_float(),
            Shape::Callback(_)
            | Shape::CapacityOf(_)
            | Shape::Constant(_)
            | Shape::Handle(_)
            | Shape::LengthOf(_)
            | Shape::OutPointer(_)
            | Shape::ScalarPointer(_)
            | Shape::Wide(_) => false,
        })
    }

    /// A parameter that is no integer stands where one should.
    pub(super) fn no_integer(&self, index: usize, name: &str, span: Range<usize>) -> Mistake {
        let arguments = self.scope.arguments;
        let mistake = |message: String| Mistake::new(span.clone(), message);
        match arguments.map(|all| (&all.parameters[index].shape, all.types)) {
            Some((shape, _)) if shape.has_bytes() => mistake(format!("`{name}` is text or bytes, and no number"))
                .hint(format!("{TEXTS_ARE_TESTED_BY}; its length is `len({name})`")),
            Some((Shape::Buffer(buffer), _)) if !buffer.direction.is_in() => written_later(name, span.clone()),
            Some((Shape::Buffer(buffer), _)) => {
                let why = match buffer.direction.is_out() {
                    true => "what the function writes as well can be bounded by its length only",
                    false => "elements larger than a byte can be bounded by their number only",
                };
                mistake(format!("`{name}` is a buffer, and no number")).hint(format!("{why}: `len({name})`"))
            }
            Some((Shape::Record(record), types)) => {
                let members = Record::of(types, record.id).map(|record| record.members.as_slice()).unwrap_or_default();
                let first = members.iter().find(|member| NumberPlace::of(member, 0).is_some());
                let hint = first.map(|member| format!("name a member: `{name}.{}`", member.name));
                mistake(format!("`{name}` is a struct, and no number")).maybe_hint(hint)
            }
            _ => self.alone_real(name, span.clone()),
        }
    }

    fn alone_real(&self, name: &str, span: Range<usize>) -> Mistake {
        Mistake::new(span, format!("`{name}` is a floating-point number, and nothing is calculated with it"))
            .hint(format!("compare it with a number: `{name} <= 0.5`"))
    }

    fn token(&self, ahead: usize) -> Option<Token<'a>> {
        self.tokens.get(self.next + ahead).map(|(token, _)| token.clone())
    }

    /// From there to the end of what has been read.
    fn since(&self, start: usize) -> Range<usize> {
        let last = self.next.checked_sub(1).and_then(|last| self.tokens.get(last));
        start..last.map_or(start, |(_, span)| span.end).max(start)
    }
}

fn written_later(name: &str, span: Range<usize>) -> Mistake {
    Mistake::new(span, format!("`{name}` is written by the function, and not known before the call"))
        .hint("how much is written follows from the other arguments, and from `max` in the zone's manifest")
}

fn member_of<'r>(record: &'r Record, holder: &str, wanted: &str, span: Range<usize>) -> Result<&'r Member, Mistake> {
    if record.union {
        return Err(Mistake::new(span, format!("`{holder}` is a union, and which of its members counts is not known"))
            .hint("only members of structs can be bounded"));
    }
    let names = || record.members.iter().map(|member| member.name.as_str());
    let Some(member) = record.members.iter().find(|member| member.name == wanted) else {
        let hint = match did_you_mean(wanted, names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                format!("its members are {}", names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            }
        };
        return Err(Mistake::new(span, format!("`{holder}` has no member `{wanted}`")).hint(hint));
    };
    if member.role == MemberRole::Hidden {
        return Err(Mistake::new(
            span,
            format!("`{wanted}` is hidden: it is always 0, and nobody needs a bound for it"),
        ));
    }
    Ok(member)
}

fn no_number(member: &Member, span: Range<usize>) -> Mistake {
    let name = &member.name;
    if matches!(member.c_type, CType::Record { .. }) {
        return Mistake::new(span, format!("`{name}` is a struct or a union, and no number"))
            .hint(format!("name a member of it: `….{name}.…`"));
    }
    Mistake::new(span, format!("`{name}` is no number"))
        .hint("of a struct, integers and floating-point numbers can be bounded")
}

/// Where nothing is known but constants.
struct Nothing;

impl Environment for Nothing {
    fn parameter(&mut self, _: usize) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    fn pointed(&mut self, _: usize) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    fn errno(&mut self) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    fn value(&mut self) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    fn call(&mut self, _: FunctionId, _: &[i128]) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
}
