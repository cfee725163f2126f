//! Recursive descent over the grammar in [the module above](super), resolving names on the way.

mod arguments;

use super::token::{Token, tokens};
use crate::diagnostic::Mistake;
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::interface::{FunctionId, Parameter};
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::{CType, Definition, TypeId};
use std::ops::Range;

/// How deep parentheses and signs may be nested.
const MAX_DEPTH: usize = 64;
/// How many operators, names and numbers an expression may have; this bounds the depth of its tree as well.
const MAX_TOKENS: usize = 256;

/// What the names in an expression stand for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The function's parameters, in C order.
    pub parameters: &'a [(&'a str, &'a CType)],
    /// The type of `return`; `None` where the function's value is not known.
    pub value: Option<&'a CType>,
    /// The manifest's functions.
    pub functions: &'a [ExpressionFunction<'a>],
    /// Names that stand for numbers: constants and the values of enumerations.
    pub integers: &'a [(String, i128)],
    /// What a bound may look at beside integers; `None` in every other expression.
    pub arguments: Option<BoundArguments<'a>>,
}

/// The arguments of a call that a bound is about.
#[derive(Clone, Copy, Debug)]
pub struct BoundArguments<'a> {
    /// The function's parameters: those of the [`Scope`].
    pub parameters: &'a [Parameter],
    /// The manifest's own types.
    pub types: &'a [Definition],
}

/// A function that an expression may name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExpressionFunction<'a> {
    /// Its name in the manifest.
    pub name: &'a str,
    /// Its place in the manifest.
    pub id: FunctionId,
    /// What it takes.
    pub takes: Takes,
}

/// What a function takes, as far as expressions care.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Takes {
    /// Something else: it cannot be called in an expression.
    Others,
    /// These, and it gives an integer.
    These(Vec<Taken>),
    /// Its declaration has not been understood, which has been reported already.
    Unknown,
}

/// What an expression can pass to a function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Taken {
    /// An integer: any expression.
    Integer,
    /// An object of the zone: the name of a parameter that is a handle of that type.
    Object(TypeId),
}

/// Reads an expression.
pub fn parse(text: &str, scope: &Scope<'_>) -> Result<Expression, Mistake> {
    let mut parser = Parser::new(text, scope)?;
    let expression = parser.expression()?;
    parser.end()?;
    Ok(expression)
}

/// Reads a condition on the function's value: an expression, or one that begins with a comparison.
pub fn parse_condition(text: &str, scope: &Scope<'_>) -> Result<Expression, Mistake> {
    let mut parser = Parser { condition: true, ..Parser::new(text, scope)? };
    let expression = match parser.comparison() {
        Some(operator) => {
            parser.value(0..0)?;
            let right = parser.sum()?;
            Expression::Binary(operator, Box::new(Expression::Return), Box::new(right))
        }
        None => parser.expression()?,
    };
    parser.end()?;
    Ok(expression)
}

struct Parser<'a> {
    text: &'a str,
    scope: &'a Scope<'a>,
    tokens: Vec<(Token<'a>, Range<usize>)>,
    next: usize,
    depth: usize,
    /// It is looked at when the function has returned, so that `errno` means something.
    condition: bool,
}

type Parsed = Result<Expression, Mistake>;

impl<'a> Parser<'a> {
    fn new(text: &'a str, scope: &'a Scope<'a>) -> Result<Self, Mistake> {
        let tokens = tokens(text, scope.arguments.is_some())?;
        match tokens.get(MAX_TOKENS) {
            Some((_, span)) => Err(Mistake::new(span.clone(), "the expression is too long")),
            None => Ok(Self { text, scope, tokens, next: 0, depth: 0, condition: false }),
        }
    }

    fn expression(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Mistake::new(self.here(), "the expression is nested too deeply"));
        }
        let parsed = self.chain(&[("||", Operator::Or)], |parser| parser.chain(&[("&&", Operator::And)], Self::test));
        self.depth -= 1;
        parsed
    }

    fn test(&mut self) -> Parsed {
        let start = self.here().start;
        let left = self.side()?;
        if let Some(word) = self.word_operator() {
            return self.word_test(left, word, start);
        }
        let Some(operator) = self.comparison() else { return self.alone(left, start) };
        let right = self.side()?;
        let at = self.here();
        if self.comparison().is_some() {
            return Err(Mistake::new(at, "comparisons cannot be chained").hint("write `a < b && b < c`"));
        }
        self.compare(left, operator, right, start)
    }

    fn sum(&mut self) -> Parsed {
        self.chain(&[("+", Operator::Add), ("-", Operator::Subtract)], |parser| {
            let products = [("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)];
            parser.chain(&products, Self::unary)
        })
    }

    /// Operands of one strength, joined from the left.
    fn chain(&mut self, operators: &[(&str, Operator)], operand: impl Fn(&mut Self) -> Parsed) -> Parsed {
        let mut left = operand(self)?;
        while let Some(operator) = self.take_operator(operators) {
            let right = operand(self)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Mistake::new(self.here(), "the expression is nested too deeply"));
        }
        let parsed = if self.take("-") {
            self.unary().map(|inner| Expression::Negate(Box::new(inner)))
        } else if self.take("!") {
            self.unary().map(|inner| Expression::Not(Box::new(inner)))
        } else if self.take("*") {
            self.dereference()
        } else {
            self.primary()
        };
        self.depth -= 1;
        parsed
    }

    fn primary(&mut self) -> Parsed {
        let (token, span) = self.advance()?;
        match token {
            Token::Fraction(_) => Err(Mistake::new(span, "only whole numbers can be used here").hint(
                "a number with a fraction stands alone on one side of a comparison, and a floating-point argument on the other",
            )),
            Token::Integer(value) => Ok(Expression::Integer(value)),
            Token::Name("NULL") if !self.is_parameter("NULL") => Ok(Expression::Integer(0)),
            Token::Name("return") => self.value(span),
            Token::Name("sizeof") if !self.is_parameter("sizeof") => Err(Mistake::new(span, "`sizeof` is not known in expressions").hint(
                "a length counts elements, not bytes; where C counts bytes, name the size in [constants]: \
                 `ENTRY_SIZE = 72` and `n / ENTRY_SIZE`",
            )),
            Token::Name("errno") if !self.is_parameter("errno") => self.errno(span),
            Token::Name("len") if self.has_len() && self.take("(") => self.length(),
            Token::Name(name) if self.take("(") => self.call(name, span),
            Token::Name(name) => self.argument_number(name, span),
            Token::Sign("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign(sign) => Err(Mistake::new(span, format!("a number or a name was expected, not `{sign}`"))),
            Token::Text(_) => Err(Mistake::new(span, "a number or a name was expected, not a text")
                .hint("a text stands alone on one side of `==` or `!=`, or behind `in`, `starts_with` and `ends_with`")),
        }
    }

    fn call(&mut self, name: &str, span: Range<usize>) -> Parsed {
        let functions = self.scope.functions;
        let callee = functions.iter().find(|callee| callee.name == name);
        let takes = callee.map_or(&Takes::Unknown, |callee| &callee.takes);
        let mut arguments = Vec::new();
        if !self.take(")") {
            arguments.push(self.argument(takes, 0)?);
            while self.take(",") {
                arguments.push(self.argument(takes, arguments.len())?);
            }
            self.expect(")")?;
        }
        let callee = callee.ok_or_else(|| self.unknown_function(name, span.clone()))?;
        match &callee.takes {
            Takes::Others => Err(Mistake::new(span, format!("`{name}` cannot be called in an expression"))
                .hint("only functions that take integers and handles, and give an integer, can")),
            Takes::These(taken) if taken.len() != arguments.len() => {
                Err(Mistake::new(span, format!("`{name}` takes {} arguments, not {}", taken.len(), arguments.len())))
            }
            Takes::These(_) | Takes::Unknown => Ok(Expression::Call(callee.id, arguments)),
        }
    }

    fn argument(&mut self, takes: &Takes, position: usize) -> Parsed {
        let wanted = match takes {
            Takes::These(taken) => taken.get(position),
            // Whatever is passed, it is not the mistake.
            Takes::Others | Takes::Unknown => {
                return match self.tokens.get(self.next).cloned() {
                    Some((Token::Name(name), span)) if self.object(name, span.clone(), None).is_ok() => {
                        self.next += 1;
                        self.object(name, span, None)
                    }
                    _ => self.expression(),
                };
            }
        };
        let Some(Taken::Object(id)) = wanted else { return self.expression() };
        match self.advance()? {
            (Token::Name(name), span) => self.object(name, span, Some(*id)),
            (_, span) => Err(Mistake::new(span, "the name of a parameter that is a handle was expected")),
        }
    }

    /// A handle parameter, of that type if it matters.
    fn object(&self, name: &str, span: Range<usize>, wanted: Option<TypeId>) -> Parsed {
        let (index, c_type) = self.find(name, span.clone())?;
        match c_type.object() {
            Some(id) if wanted.is_none_or(|wanted| wanted == id) => Ok(Expression::Parameter(index)),
            Some(_) => Err(Mistake::new(span, format!("`{name}` is a handle of another type than the function takes"))),
            None => Err(Mistake::new(span, format!("`{name}` is no handle, and the function takes one here"))),
        }
    }

    fn parameter(&self, name: &str, span: Range<usize>) -> Parsed {
        let is_parameter = self.is_parameter(name);
        let integer_named = self.scope.integers.iter().find(|(known, _)| known == name);
        if let (false, Some((_, value))) = (is_parameter, integer_named) {
            return Ok(Expression::Integer(*value));
        }
        let (index, c_type) = self.find(name, span.clone())?;
        match c_type.pointee() {
            _ if c_type.is_integer() => Ok(Expression::Parameter(index)),
            _ if self.is_testable(index) => Err(self.no_integer(index, name, span)),
            Some(to) if to.is_integer() => Err(Mistake::new(span, format!("`{name}` is a pointer"))
                .hint(format!("for the number it points to, write `*{name}`"))),
            Some(_) | None => {
                Err(Mistake::new(span, format!("`{name}` is not an integer")).hint(match self.scope.arguments {
                    Some(_) => "a bound knows numbers, texts, buffers, and members of structs",
                    None => "expressions know only integers",
                }))
            }
        }
    }

    fn dereference(&mut self) -> Parsed {
        let (token, span) = self.advance()?;
        let Token::Name(name) = token else {
            return Err(Mistake::new(span, "after `*` the name of a parameter was expected"));
        };
        if name == "errno" && !self.is_parameter(name) {
            return Err(Mistake::new(span, "`errno` is a number, and no pointer").hint("write `errno`"));
        }
        let (index, c_type) = self.find(name, span.clone())?;
        match c_type.pointee() {
            Some(to) if to.is_integer() => Ok(Expression::Dereference(index)),
            Some(_) => Err(Mistake::new(span, format!("`{name}` does not point to an integer"))),
            None => {
                Err(Mistake::new(span, format!("`{name}` is not a pointer"))
                    .hint(format!("for its value, write `{name}`")))
            }
        }
    }

    fn value(&self, span: Range<usize>) -> Parsed {
        match self.scope.value {
            None => Err(Mistake::new(span, "`return` is not known before the call")),
            Some(CType::Void) => Err(Mistake::new(span, "`return` has no value: the function returns void")),
            Some(CType::Record { .. } | CType::Wide(_)) => {
                Err(Mistake::new(span, "`return` is no integer here, and expressions know only integers"))
            }
            Some(CType::Scalar { scalar, .. }) if scalar.is_float() => {
                Err(Mistake::new(span, "`return` is no integer here, and expressions know only integers"))
            }
            Some(_) => Ok(Expression::Return),
        }
    }

    fn errno(&mut self, span: Range<usize>) -> Parsed {
        if self.take("(") {
            return Err(Mistake::new(span, "`errno` is no function here")
                .hint("write `errno`: it is what the function left there, and 0 if it left it alone"));
        }
        if !self.condition {
            return Err(Mistake::new(span, "`errno` is no length and no bound")
                .hint("it says how a call ended, in `error_if` and `error_unless`"));
        }
        Ok(Expression::Errno)
    }

    fn is_parameter(&self, name: &str) -> bool {
        self.scope.parameters.iter().any(|(known, _)| *known == name)
    }

    fn find(&self, name: &str, span: Range<usize>) -> Result<(usize, &'a CType), Mistake> {
        let parameters = self.scope.parameters;
        let index = parameters.iter().position(|(known, _)| *known == name);
        match index.map(|index| (index, parameters[index].1)) {
            Some((_, CType::Void)) => Err(not_annotated(name, span)),
            Some(found) => Ok(found),
            None => Err(self.unknown_name(name, span)),
        }
    }

    fn unknown_name(&self, name: &str, span: Range<usize>) -> Mistake {
        if self.scope.functions.iter().any(|callee| callee.name == name) {
            return Mistake::new(span, format!("`{name}` is a function, and not called here"))
                .hint(format!("write `{name}()`, with its arguments"));
        }
        let parameters = self.scope.parameters.iter().map(|(known, _)| *known);
        let integers = self.scope.integers.iter().map(|(known, _)| known.as_str());
        let words = ["return", "NULL"].into_iter().chain(self.condition.then_some("errno"));
        let meant = did_you_mean(name, parameters.clone().chain(integers).chain(words));
        let list = parameters.map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
        let macro_like = name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.chars().all(|c| matches!(c, 'A'..='Z' | '0'..='9' | '_'));
        let hint = match (meant, list.as_str()) {
            (Some(meant), _) => Some(format!("did you mean `{meant}`?")),
            // `ERANGE`: macros are not read from headers.
            (None, _) if macro_like => Some(format!("a number's name in C is declared in [constants]: `{name} = …`")),
            (None, "") => None,
            (None, list) => Some(format!("the parameters are {list}")),
        };
        Mistake::new(span, format!("there is no parameter `{name}`")).maybe_hint(hint)
    }

    fn unknown_function(&self, name: &str, span: Range<usize>) -> Mistake {
        let meant = did_you_mean(name, self.scope.functions.iter().map(|callee| callee.name));
        let hint = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("declare it in the manifest: [functions.{name}]"),
        };
        Mistake::new(span, format!("there is no function `{name}` in this manifest")).hint(hint)
    }

    fn comparison(&mut self) -> Option<Operator> {
        self.take_operator(&[
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ])
    }

    fn take_operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        operators.iter().find(|(sign, _)| self.take(sign)).map(|(_, operator)| *operator)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some((Token::Sign(next), _)) if *next == sign);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Mistake> {
        if self.take(sign) { Ok(()) } else { Err(Mistake::new(self.here(), format!("`{sign}` was expected here"))) }
    }

    fn advance(&mut self) -> Result<(Token<'a>, Range<usize>), Mistake> {
        let next = self.tokens.get(self.next).cloned();
        self.next += 1;
        next.ok_or_else(|| Mistake::new(self.here(), "the expression ends where a number or a name was expected"))
    }

    fn end(&self) -> Result<(), Mistake> {
        if self.next < self.tokens.len() {
            return Err(
                Mistake::new(self.here(), "the expression should have ended here").label("an operator before this?")
            );
        }
        Ok(())
    }

    fn here(&self) -> Range<usize> {
        self.tokens.get(self.next).map_or(self.text.len()..self.text.len(), |(_, span)| span.clone())
    }
}

/// A parameter of a service of which nothing is known.
fn not_annotated(name: &str, span: Range<usize>) -> Mistake {
    let message = format!("nothing is known of `{name}` that a bound could go by");
    Mistake::new(span, message).hint(format!(
        "in the service, annotate it as `int`, `float`, `bool`, `str` or `bytes` (`{name}: int`); what `*` and `**` collect cannot be bounded"
    ))
}
