//! Declaration specifiers: `unsigned long int`, `const char`, `size_t`, in any order.

use super::lexer::Token;
use super::parser::Parser;
use super::tree::{Tag, Type, TypeKind};
use super::typedefs;
use crate::diagnostic::Mistake;
use crate::types::Scalar;
use std::ops::Range;

/// What stands before the declarators.
pub(super) struct Specifiers {
    pub(super) c_type: Type,
    pub(super) typedef: bool,
}

/// The type words seen so far. C allows each combination in any order, so they are counted and judged at the end.
#[derive(Default)]
struct Words {
    /// Every type word but `signed` and `unsigned`, sorted by [`RANK`]: `long long int`.
    base: Vec<&'static str>,
    signed: u32,
    unsigned: u32,
    /// A type that is not made of type words.
    other: Option<TypeKind>,
    /// Where that stands.
    other_span: Range<usize>,
}

/// The order in which type words are looked up, whatever the order they were written in.
const RANK: [&str; 10] = ["void", "_Bool", "char", "short", "long", "int", "float", "double", "_Complex", "__int128"];

pub(super) fn specifiers(parser: &mut Parser<'_>) -> Result<Specifiers, Mistake> {
    let mut words = Words::default();
    let mut constant = false;
    let mut typedef = false;
    let mut span: Option<Range<usize>> = None;
    loop {
        let (token, at) = parser.peek();
        let Token::Word(word) = token else { break };
        match word {
            "const" | "__const" | "__const__" => constant = true,
            "typedef" => typedef = true,
            "volatile" | "__volatile__" | "extern" | "static" | "inline" | "__inline" | "__inline__" | "register"
            | "_Noreturn" | "__extension__" => {}
            "_Atomic" | "_Thread_local" | "auto" => {
                return Err(Mistake::new(at, format!("`{word}` has no place in a prototype")));
            }
            "restrict" | "__restrict" | "__restrict__" => {
                return Err(Mistake::new(at, "`restrict` belongs behind a `*`"));
            }
            "__attribute__" | "__attribute" => {
                parser.attribute()?;
                continue;
            }
            "struct" | "union" | "enum" if words.is_empty() => {
                let kind = tagged(parser, word)?;
                words.other = Some(kind);
                span = Some(span.map_or(at.start, |span| span.start)..parser.last_end());
                continue;
            }
            "class" | "template" | "namespace" | "virtual" | "operator" => {
                return Err(Mistake::new(at, format!("`{word}` is C++"))
                    .hint("only functions with C linkage can be called; write the C declaration"));
            }
            _ if !words.add(word, &at)? => break,
            _ => {}
        }
        // Storage words and qualifiers belong to the declaration but a type error is about the type's own words.
        if !matches!(word, "extern" | "static" | "inline" | "__inline" | "__inline__" | "typedef") {
            span = Some(span.map_or(at.start, |span| span.start)..at.end);
        }
        parser.skip();
    }
    let span = span.unwrap_or_else(|| parser.peek().1);
    let kind = words.kind(parser, &span)?;
    Ok(Specifiers { c_type: Type { kind, constant, span }, typedef })
}

impl Words {
    fn is_empty(&self) -> bool {
        self.base.is_empty() && self.signed == 0 && self.unsigned == 0 && self.other.is_none()
    }

    /// Adds a word; `false` if it is no type word any more but the declared name.
    fn add(&mut self, word: &str, at: &Range<usize>) -> Result<bool, Mistake> {
        let type_word = match word {
            "bool" => Some("_Bool"),
            "__complex__" | "_Imaginary" => Some("_Complex"),
            word => RANK.into_iter().find(|known| *known == word),
        };
        match (type_word, word) {
            (Some(word), _) => self.base.push(word),
            (None, "signed" | "__signed__") => self.signed += 1,
            (None, "unsigned") => self.unsigned += 1,
            (None, _) if self.is_empty() => {
                self.other = Some(TypeKind::Named(word.to_owned()));
                self.other_span = at.clone();
            }
            (None, _) => return Ok(false),
        }
        match &self.other {
            Some(TypeKind::Named(name)) if name != word && typedefs::find(name).is_some() => {
                Err(Mistake::new(at.clone(), format!("`{name}` and `{word}` do not go together")))
            }
            Some(TypeKind::Named(name)) if name != word => {
                let message = format!("`{name}` is not a type that is known here");
                Err(Mistake::new(self.other_span.clone(), message).hint(typedefs::hint(name)))
            }
            Some(TypeKind::Tagged { .. }) => {
                Err(Mistake::new(at.clone(), format!("`{word}` does not go with a tagged type")))
            }
            _ => Ok(true),
        }
    }

    fn kind(mut self, parser: &Parser<'_>, span: &Range<usize>) -> Result<TypeKind, Mistake> {
        if let Some(other) = self.other {
            return Ok(other);
        }
        self.base.sort_by_key(|word| RANK.iter().position(|known| known == word));
        let base = self.base.join(" ");
        let (signed, unsigned) = (self.signed > 0, self.unsigned > 0);
        if self.signed + self.unsigned > 1 {
            return Err(Mistake::new(span.clone(), "`signed` and `unsigned` can stand only once"));
        }
        let scalar = |scalar| Ok(TypeKind::Scalar { scalar, character: false });
        let wrong = || Mistake::new(span.clone(), format!("`{}` is no type", parser.text(span)));
        match (base.as_str(), signed, unsigned) {
            ("", false, false) => Err(missing(parser)),
            ("void", false, false) => Ok(TypeKind::Void),
            ("_Bool", false, false) => scalar(Scalar::Bool),
            ("char", false, false) => Ok(TypeKind::Scalar { scalar: Scalar::I8, character: true }),
            ("char", true, _) => scalar(Scalar::I8),
            ("char", _, true) => scalar(Scalar::U8),
            ("short" | "short int", _, false) => scalar(Scalar::I16),
            ("short" | "short int", _, true) => scalar(Scalar::U16),
            ("" | "int", _, false) => scalar(Scalar::I32),
            ("" | "int", _, true) => scalar(Scalar::U32),
            ("long" | "long int" | "long long" | "long long int", _, false) => scalar(Scalar::I64),
            ("long" | "long int" | "long long" | "long long int", _, true) => scalar(Scalar::U64),
            ("float", false, false) => scalar(Scalar::F32),
            ("double", false, false) => scalar(Scalar::F64),
            ("long double", false, false) => Ok(TypeKind::Unsupported("long double")),
            ("__int128", _, _) => Ok(TypeKind::Unsupported("__int128")),
            ("float _Complex" | "double _Complex" | "long double _Complex", false, false) => {
                Ok(TypeKind::Unsupported("_Complex"))
            }
            _ => Err(wrong()),
        }
    }
}

fn missing(parser: &Parser<'_>) -> Mistake {
    let (token, span) = parser.peek();
    Mistake::new(span, format!("a type was expected, not {}", token.describe()))
}

fn tagged(parser: &mut Parser<'_>, keyword: &str) -> Result<TypeKind, Mistake> {
    let tag = match keyword {
        "enum" => Tag::Enum,
        "union" => Tag::Union,
        _ => Tag::Struct,
    };
    parser.skip();
    let (token, span) = parser.peek();
    let Token::Word(name) = token else {
        return Err(Mistake::new(span, format!("the name of the {keyword} was expected, not {}", token.describe())));
    };
    parser.skip();
    match parser.peek() {
        (Token::Sign('{'), span) => {
            Err(Mistake::new(span, format!("the members of a {keyword} have no place in a prototype")))
        }
        _ => Ok(TypeKind::Tagged { tag, name: name.to_owned() }),
    }
}
