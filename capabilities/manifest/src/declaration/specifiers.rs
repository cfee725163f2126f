//! Declaration specifiers: `unsigned long int`, `const char`, `size_t`, in any order.

use super::attribute::LayoutAttributes;
use super::cursor::DeclarationCursor;
use super::lexer::CToken;
use super::tree::{Name, QualifiedType, TagKind, UnqualifiedType};
use super::typedefs;
use crate::diagnostic::Mistake;
use cloison_contract::types::{Scalar, Wide};
use std::ops::Range;

/// What stands before the declarators.
pub(super) struct Specifiers {
    pub(super) c_type: QualifiedType,
    pub(super) typedef: bool,
    /// Those that belong to what is declared, not to the type.
    pub(super) attributes: LayoutAttributes,
}

/// The type words seen so far. C allows each combination in any order, so they are counted and judged at the end.
#[derive(Default)]
struct Words {
    /// Every type word but `signed` and `unsigned`, sorted by [`RANK`]: `long long int`.
    base: Vec<&'static str>,
    signed: u32,
    unsigned: u32,
    /// A type that is not made of type words.
    other: Option<UnqualifiedType>,
    /// Where that stands.
    other_span: Range<usize>,
}

/// The order in which type words are looked up, whatever the order they were written in.
const RANK: [&str; 17] = [
    "void",
    "_Bool",
    "char",
    "short",
    "long",
    "int",
    "float",
    "double",
    "_Complex",
    "__int128",
    "_Float128",
    "_Float16",
    "_Float32",
    "_Float32x",
    "_Float64",
    "_Decimal64",
    "_Decimal128",
];

pub(super) fn specifiers(parser: &mut DeclarationCursor<'_>) -> Result<Specifiers, Mistake> {
    let mut words = Words::default();
    let mut constant = false;
    let mut typedef = false;
    let mut attributes = LayoutAttributes::default();
    let mut span: Option<Range<usize>> = None;
    loop {
        let (token, at) = parser.peek();
        let CToken::Word(word) = token else { break };
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
            _ if parser.at_attribute() => {
                attributes.extend(parser.attributes()?);
                continue;
            }
            "struct" | "union" | "enum" if words.is_empty() => {
                let kind = tagged(parser, word)?;
                words.other = Some(kind);
                span = Some(span.map_or(at.start, |span| span.start)..parser.last_end());
                continue;
            }
            "class" | "template" | "namespace" | "virtual" | "operator" if words.is_empty() || !ends(parser) => {
                return Err(Mistake::new(at, format!("`{word}` is C++"))
                    .hint("only functions with C linkage can be called; write the C declaration"));
            }
            _ if !words.add(parser, word, &at)? => break,
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
    Ok(Specifiers { c_type: QualifiedType { kind, constant, span }, typedef, attributes })
}

/// Whether nothing that could be declared follows: what C++ means by a word is a name in C.
fn ends(parser: &DeclarationCursor<'_>) -> bool {
    matches!(parser.ahead(1), CToken::Sign(',' | ')' | '[' | ':' | ';') | CToken::End)
}

impl Words {
    fn is_empty(&self) -> bool {
        self.base.is_empty() && self.signed == 0 && self.unsigned == 0 && self.other.is_none()
    }

    /// Adds a word; `false` if it is no type word any more but the declared name.
    fn add(&mut self, parser: &DeclarationCursor<'_>, word: &str, at: &Range<usize>) -> Result<bool, Mistake> {
        let type_word = match word {
            "bool" => Some("_Bool"),
            "complex" if self.is_complex_word(parser) => Some("_Complex"),
            "__complex__" | "__complex" => Some("_Complex"),
            "__int128_t" | "__uint128_t" => Some("__int128"),
            "__float128" => Some("_Float128"),
            word => RANK.into_iter().find(|known| *known == word),
        };
        match (type_word, word) {
            (Some(word), _) => self.base.push(word),
            (None, "signed" | "__signed__") => self.signed += 1,
            (None, "unsigned") => self.unsigned += 1,
            (None, _) if self.is_empty() => {
                self.other = Some(UnqualifiedType::Named(word.to_owned()));
                self.other_span = at.clone();
            }
            (None, _) => return Ok(false),
        }
        match &self.other {
            Some(UnqualifiedType::Named(name)) if name != word && parser.is_type(name) => {
                Err(Mistake::new(at.clone(), format!("`{name}` and `{word}` do not go together")))
            }
            Some(UnqualifiedType::Named(name)) if name != word => {
                let message = format!("`{name}` is not a type that is known here");
                Err(Mistake::new(self.other_span.clone(), message).hint(typedefs::hint(name)))
            }
            Some(UnqualifiedType::Tagged { .. } | UnqualifiedType::Untagged(_)) => {
                Err(Mistake::new(at.clone(), format!("`{word}` does not go with a tagged type")))
            }
            _ => Ok(true),
        }
    }

    /// Whether `complex` is the type word that `<complex.h>` makes of it, and not a name: it stands before or after one.
    fn is_complex_word(&self, parser: &DeclarationCursor<'_>) -> bool {
        let next = parser.ahead(1);
        if self.is_empty() {
            return matches!(next, CToken::Word("float" | "double" | "long"));
        }
        let floating = self.base.iter().any(|word| matches!(*word, "float" | "double" | "long"));
        floating && !self.base.contains(&"_Complex") && matches!(next, CToken::Word(_) | CToken::Sign('*'))
    }

    fn kind(mut self, parser: &DeclarationCursor<'_>, span: &Range<usize>) -> Result<UnqualifiedType, Mistake> {
        if let Some(other) = self.other {
            return Ok(other);
        }
        self.base.sort_by_key(|word| RANK.iter().position(|known| known == word));
        let base = self.base.join(" ");
        let (signed, unsigned) = (self.signed > 0, self.unsigned > 0);
        if self.signed + self.unsigned > 1 {
            return Err(Mistake::new(span.clone(), "`signed` and `unsigned` can stand only once"));
        }
        let scalar = |scalar| Ok(UnqualifiedType::Scalar { scalar, character: false });
        let wrong = || Mistake::new(span.clone(), format!("`{}` is no type", parser.text(span)));
        match (base.as_str(), signed, unsigned) {
            ("", false, false) => Err(missing(parser)),
            ("void", false, false) => Ok(UnqualifiedType::Void),
            ("_Bool", false, false) => scalar(Scalar::Bool),
            ("char", false, false) => Ok(UnqualifiedType::Scalar { scalar: Scalar::I8, character: true }),
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
            ("_Float32", false, false) => scalar(Scalar::F32),
            ("_Float64" | "_Float32x", false, false) => scalar(Scalar::F64),
            ("long double", false, false) => Ok(UnqualifiedType::Wide(Wide::LongDouble)),
            ("float _Complex", false, false) => Ok(UnqualifiedType::Wide(Wide::ComplexF32)),
            ("double _Complex", false, false) => Ok(UnqualifiedType::Wide(Wide::ComplexF64)),
            ("long double _Complex", false, false) => Ok(UnqualifiedType::Wide(Wide::ComplexLong)),
            ("__int128", _, _) => Ok(UnqualifiedType::Unsupported("__int128")),
            ("_Float16" | "_Float128" | "_Decimal64" | "_Decimal128", false, false) => {
                Ok(UnqualifiedType::Unsupported(self.base[0]))
            }
            _ => Err(wrong()),
        }
    }
}

fn missing(parser: &DeclarationCursor<'_>) -> Mistake {
    let (token, span) = parser.peek();
    Mistake::new(span, format!("a type was expected, not {}", token.describe()))
}

/// What follows `struct`, `union` or `enum`.
fn tagged(parser: &mut DeclarationCursor<'_>, keyword: &str) -> Result<UnqualifiedType, Mistake> {
    let tag = match keyword {
        "enum" => TagKind::Enum,
        "union" => TagKind::Union,
        _ => TagKind::Struct,
    };
    let start = parser.peek().1.start;
    parser.skip();
    let attributes = parser.attributes()?;
    let (token, span) = parser.peek();
    let name = match token {
        CToken::Word(name) => {
            parser.skip();
            Some(Name { text: name.to_owned(), span: span.clone() })
        }
        _ => None,
    };
    match (parser.peek(), name) {
        ((CToken::Sign('{'), _), name) if parser.bodies.is_some() => {
            let kind = name.as_ref().map_or(UnqualifiedType::Untagged(tag), |name| name.tagged(tag));
            parser.nested(|parser| parser.body(tag, name, attributes, start))?;
            Ok(kind)
        }
        ((CToken::Sign('{'), span), Some(_)) => {
            Err(Mistake::new(span, format!("the members of a {keyword} have no place in a prototype"))
                .hint(format!("{} of one's own stand in tables of their own: [types.NAME]", tag.plural())))
        }
        (_, Some(name)) => Ok(name.tagged(tag)),
        ((token, span), None) => {
            Err(Mistake::new(span, format!("the name of the {keyword} was expected, not {}", token.describe())))
        }
    }
}
