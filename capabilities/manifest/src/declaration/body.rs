//! The text of a type: structs, unions and enumerations with their members, and typedefs.
//!
//! ```text
//! type       = specifiers [ declarator { "," declarator } ] [ ";" ]
//! body       = "{" { member } "}" | "{" enumerator { "," enumerator } [ "," ] "}"
//! member     = specifiers declarator [ ":" width ] { "," declarator [ ":" width ] } ";" | specifiers ":" width ";"
//! enumerator = name [ "=" constant ]
//! ```

use super::attribute::LayoutAttributes;
use super::constant::constant;
use super::cursor::DeclarationCursor;
use super::lexer::CToken;
use super::specifiers::{Specifiers, specifiers};
use super::tree::{Body, Content, MemberDeclaration, Name, TagKind, TypeDeclaration, UnqualifiedType};
use crate::diagnostic::Mistake;
use std::ops::Range;

/// How many members or enumerators a text may have.
const MAX_MEMBERS: usize = 4096;

/// Reads the text of a type, with or without a semicolon at its end.
pub(super) fn parse_type(text: &str, own: &dyn Fn(&str) -> bool) -> Result<TypeDeclaration, Mistake> {
    let mut parser = DeclarationCursor::new(text, own)?;
    parser.bodies = Some(Vec::new());
    let start = parser.peek().1.start;
    let specifiers = specifiers(&mut parser)?;
    let mut attributes = specifiers.attributes;
    let mut declarators = Vec::new();
    while !matches!(parser.peek().0, CToken::Sign(';') | CToken::End) {
        let at = parser.peek().1;
        let (name, c_type) = parser.declared(specifiers.c_type.clone())?;
        attributes.extend(parser.attributes()?);
        let nameless = || Mistake::new(at.clone(), format!("a name was expected, not {}", parser.peek().0.describe()));
        declarators.push((name.ok_or_else(nameless)?, c_type));
        if !parser.take(',') {
            break;
        }
    }
    let declaration = TypeDeclaration {
        typedef: specifiers.typedef,
        base: specifiers.c_type,
        declarators,
        bodies: parser.bodies.take().unwrap_or_default(),
        span: start..parser.last_end().max(start),
    };
    parser.end(&declaration)?;
    match attributes.span {
        Some(span) => Err(misplaced(span)),
        None => Ok(declaration),
    }
}

/// `typedef struct { … } name __attribute__((packed))`
fn misplaced(span: Range<usize>) -> Mistake {
    Mistake::new(span, "here this says nothing about the members")
        .hint("of a whole struct it stands between the `}` and the name, of a member behind the member's name")
}

impl DeclarationCursor<'_> {
    fn end(&mut self, before: &TypeDeclaration) -> Result<(), Mistake> {
        let ended = self.take(';');
        let (token, span) = self.peek();
        match (token, before.declarators.last()) {
            (CToken::End, _) => Ok(()),
            _ if ended => Err(Mistake::new(span, "one type is wanted here, not several").hint(
                "each type has a table of its own: [types.NAME]; a struct and its typedef can be one: \
                       `typedef struct point { … } point;`",
            )),
            (CToken::Sign('='), _) => Err(Mistake::new(span, "a type has no value")),
            (CToken::Word(_), Some((name, _))) if name.span.end == before.span.end => {
                let text = format!("two names follow each other: `{}` and {}", name.text, token.describe());
                Err(Mistake::new(span, text).hint(format!("if `{}` is a macro, leave it out", name.text)))
            }
            _ => Err(Mistake::new(span, format!("{} was not expected here", token.describe()))),
        }
    }

    /// What stands between the braces, and the attributes behind them.
    pub(super) fn body(
        &mut self,
        tag: TagKind,
        name: Option<Name>,
        mut attributes: LayoutAttributes,
        start: usize,
    ) -> Result<(), Mistake> {
        self.expect('{')?;
        let content = match tag {
            TagKind::Enum => Content::Enumerators(self.enumerators()?),
            TagKind::Struct | TagKind::Union => Content::Members(self.members()?),
        };
        self.expect('}')?;
        let span = start..self.last_end();
        attributes.extend(self.attributes()?);
        if let Some(bodies) = &mut self.bodies {
            bodies.push(Body { tag, name, content, attributes, span });
        }
        Ok(())
    }

    fn enumerators(&mut self) -> Result<Vec<(Name, Option<super::ConstantExpression>)>, Mistake> {
        let mut found = Vec::new();
        while !self.at('}') {
            let (token, span) = self.peek();
            let CToken::Word(name) = token else {
                return Err(Mistake::new(span, format!("a name was expected, not {}", token.describe())));
            };
            limit(found.len(), &span)?;
            self.skip();
            self.attributes()?;
            let value = if self.take('=') { Some(constant(self)?) } else { None };
            found.push((Name { text: name.to_owned(), span }, value));
            if !self.take(',') {
                break;
            }
        }
        Ok(found)
    }

    fn members(&mut self) -> Result<Vec<MemberDeclaration>, Mistake> {
        let mut found = Vec::new();
        while !self.at('}') {
            if !self.take(';') {
                self.member(&mut found)?;
            }
        }
        Ok(found)
    }

    /// All members of one line.
    fn member(&mut self, found: &mut Vec<MemberDeclaration>) -> Result<(), Mistake> {
        let start = self.peek().1.start;
        let specifiers = specifiers(self)?;
        let span = start..self.last_end().max(start);
        if specifiers.typedef {
            return Err(Mistake::new(span, "a member is no typedef"));
        }
        if self.at(';') {
            return Err(no_member(&specifiers, span));
        }
        if let UnqualifiedType::Untagged(tag) = specifiers.c_type.kind {
            return Err(untagged(tag, span));
        }
        loop {
            let member = self.member_declarator(&specifiers)?;
            limit(found.len(), &member.span)?;
            found.push(member);
            if !self.take(',') {
                break;
            }
        }
        let (token, span) = self.peek();
        if self.take(';') {
            return Ok(());
        }
        let mistake = Mistake::new(span, format!("`;` was expected, not {}", token.describe()));
        Err(match token {
            CToken::Sign('&' | '<') => {
                mistake.hint("is this a C++ declaration? Only C has a layout that is known here")
            }
            _ => mistake,
        })
    }

    fn member_declarator(&mut self, specifiers: &Specifiers) -> Result<MemberDeclaration, Mistake> {
        let at = self.peek().1;
        let (name, c_type) = match self.at(':') {
            true => (None, specifiers.c_type.clone()),
            false => self.declared(specifiers.c_type.clone())?,
        };
        let width = if self.take(':') { Some(constant(self)?) } else { None };
        let span = at.start..self.last_end().max(at.start);
        if name.is_none() && width.is_none() {
            let (token, span) = self.peek();
            return Err(Mistake::new(span, format!("the name of a member was expected, not {}", token.describe())));
        }
        let mut attributes = specifiers.attributes.clone();
        attributes.extend(self.attributes()?);
        Ok(MemberDeclaration { name, c_type, width, attributes, span })
    }
}

fn limit(count: usize, span: &Range<usize>) -> Result<(), Mistake> {
    if count < MAX_MEMBERS {
        return Ok(());
    }
    Err(Mistake::new(span.clone(), format!("a type has at most {MAX_MEMBERS} members")))
}

/// A line without a declarator.
fn no_member(specifiers: &Specifiers, span: Range<usize>) -> Mistake {
    match &specifiers.c_type.kind {
        UnqualifiedType::Untagged(tag @ (TagKind::Struct | TagKind::Union)) => {
            let keyword = tag.keyword();
            Mistake::new(span, format!("a {keyword} without a name is no member that Python could name")).hint(format!(
                "give it a name here and a table of its own: [types.inner] with c = \"{keyword} inner {{ … }};\", \
                 and `{keyword} inner inner;` in its place; the layout stays the same"
            ))
        }
        UnqualifiedType::Untagged(TagKind::Enum) => Mistake::new(span, "this declares no member")
            .hint("an enumeration has a table of its own: [types.NAME] with c = \"enum name { … };\""),
        _ => Mistake::new(span, "this declares no member"),
    }
}

/// `struct { int x; } position;` inside a struct.
fn untagged(tag: TagKind, span: Range<usize>) -> Mistake {
    let keyword = tag.keyword();
    Mistake::new(span, format!("this {keyword} has no name, so Python has none for it either"))
        .hint(format!("give it one: [types.x] with c = \"{keyword} x {{ … }};\", and `{keyword} x` in its place"))
}
