//! Tags, and values of attributes.

use crate::chars::{self, is_char, is_name, is_space, starts_name};
use crate::cursor::Cursor;
use crate::doctype::DEEPEST;
use crate::error::{ErrorKind, Fault};

/// A tag as it is written.
pub(crate) struct Tag<'a> {
    pub(crate) name: &'a str,
    pub(crate) attributes: Vec<WrittenAttribute<'a>>,
    pub(crate) empty: bool,
}

/// An attribute as it is written.
pub(crate) struct WrittenAttribute<'a> {
    pub(crate) name: &'a str,
    pub(crate) at: usize,
    pub(crate) value: &'a str,
    pub(crate) value_at: usize,
}

/// How far one has looked for the end of a token.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {
    /// Bytes from the token's beginning.
    pub(crate) looked: usize,
    /// Inside of which quotes.
    pub(crate) quote: Option<u8>,
}

impl Scan {
    /// Where the `>` is that ends what begins at `at`, outside of quotes.
    pub(crate) fn close(&mut self, text: &str, at: usize) -> Option<usize> {
        self.any(text, at, b">")
    }

    /// Where the first of `ends` is behind `at`, outside of quotes.
    pub(crate) fn any(&mut self, text: &str, at: usize, ends: &[u8]) -> Option<usize> {
        let bytes = text.as_bytes();
        for (index, byte) in bytes.iter().enumerate().skip(at + self.looked) {
            match (*byte, self.quote) {
                (byte, None) if ends.contains(&byte) => return Some(index),
                (b'"' | b'\'', None) => self.quote = Some(*byte),
                (byte, Some(quote)) if byte == quote => self.quote = None,
                _ => {}
            }
        }
        self.looked = bytes.len() - at;
        None
    }

    /// Where `end` is, which ends what begins at `at`.
    pub(crate) fn find(&mut self, text: &str, at: usize, end: &str) -> Option<usize> {
        let from = at + self.looked;
        let found = text.as_bytes()[from..].windows(end.len()).position(|window| window == end.as_bytes());
        if found.is_none() {
            self.looked = (text.len() - at).saturating_sub(end.len() - 1).max(self.looked);
        }
        found.map(|found| from + found)
    }
}

/// The tag that begins at `at`; `end` is its `>`. Without one this finds what is wrong with it, if not that it does not end.
pub(crate) fn parse(text: &str, at: usize, end: Option<usize>, namespaces: bool) -> Result<Tag<'_>, Fault> {
    let mut cursor = Cursor::new(&text[..end.map_or(text.len(), |end| end + 1)], at + 1);
    let unclosed = Fault(ErrorKind::UnclosedToken, at);
    let name = name(&mut cursor, namespaces, unclosed)?;
    let mut attributes = Vec::new();
    loop {
        let space = cursor.space();
        match cursor.peek() {
            None => return Err(unclosed),
            Some(b'>') => return Ok(Tag { name, attributes, empty: false }),
            Some(b'/') => {
                cursor.at += 1;
                return match cursor.peek() {
                    Some(b'>') => Ok(Tag { name, attributes, empty: true }),
                    Some(_) => Err(cursor.fault(ErrorKind::InvalidToken)),
                    None => Err(unclosed),
                };
            }
            Some(_) if !space => return Err(cursor.fault(ErrorKind::InvalidToken)),
            Some(_) => {}
        }
        let at = cursor.at;
        let name = self::name(&mut cursor, namespaces, unclosed)?;
        cursor.space();
        match cursor.peek() {
            Some(b'=') => cursor.at += 1,
            Some(_) => return Err(cursor.fault(ErrorKind::InvalidToken)),
            None => return Err(unclosed),
        }
        cursor.space();
        let quote = match cursor.peek() {
            Some(quote @ (b'"' | b'\'')) => quote,
            Some(_) => return Err(cursor.fault(ErrorKind::InvalidToken)),
            None => return Err(unclosed),
        };
        cursor.at += 1;
        let value_at = cursor.at;
        check_value(&mut cursor, quote, unclosed)?;
        attributes.push(WrittenAttribute { name, at, value: &text[value_at..cursor.at], value_at });
        cursor.at += 1;
    }
}

/// A name of an element or an attribute, with at most one colon inside where there are namespaces.
pub(crate) fn name<'a>(cursor: &mut Cursor<'a>, namespaces: bool, unclosed: Fault) -> Result<&'a str, Fault> {
    let start = cursor.at;
    let rest = cursor.rest();
    match rest.chars().next() {
        None => return Err(unclosed),
        Some(first) if !starts_name(first) || (namespaces && first == ':') => {
            return Err(cursor.fault(ErrorKind::InvalidToken));
        }
        Some(_) => {}
    }
    let mut colon = None;
    for (index, character) in rest.char_indices() {
        if namespaces && colon.is_some_and(|colon| index == colon + 1) && !(starts_name(character) && character != ':')
        {
            return Err(Fault(ErrorKind::InvalidToken, start + index));
        }
        if namespaces && character == ':' {
            if colon.is_some() {
                return Err(Fault(ErrorKind::InvalidToken, start + index));
            }
            colon = Some(index);
        }
        if !is_name(character) {
            cursor.at = start + index;
            return Ok(&rest[..index]);
        }
    }
    cursor.at = cursor.text.len();
    Ok(rest)
}

/// Goes to the quote that ends a value.
fn check_value(cursor: &mut Cursor<'_>, quote: u8, unclosed: Fault) -> Result<(), Fault> {
    loop {
        match cursor.rest().chars().next() {
            None => return Err(unclosed),
            Some(character) if character == char::from(quote) => return Ok(()),
            Some('&') => match reference(cursor.text, cursor.at)? {
                Some((_, end)) => cursor.at = end,
                None => return Err(unclosed),
            },
            Some(character) if character == '<' || !is_char(character) => {
                return Err(cursor.fault(ErrorKind::InvalidToken));
            }
            Some(character) => cursor.at += character.len_utf8(),
        }
    }
}

/// What stands between `&` and `;`.
#[derive(Clone, Copy)]
pub(crate) enum XmlReference<'a> {
    /// A character's number, `#` left out.
    Character(&'a str),
    Entity(&'a str),
}

/// The reference that begins at `at`, and where it ends. None if the text ends first.
pub(crate) fn reference(text: &str, at: usize) -> Result<Option<(XmlReference<'_>, usize)>, Fault> {
    let rest = &text[at + 1..];
    let invalid = |index: usize| Err(Fault(ErrorKind::InvalidToken, at + 1 + index));
    if let Some(number) = rest.strip_prefix('#') {
        let hexadecimal = number.starts_with('x');
        let first = usize::from(hexadecimal);
        for (index, byte) in number.bytes().enumerate().skip(first) {
            let digit = if hexadecimal { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
            match byte {
                b';' if index > first => return Ok(Some((XmlReference::Character(&number[..index]), at + index + 3))),
                _ if !digit => return invalid(index + 1),
                _ => {}
            }
        }
        return Ok(None);
    }
    for (index, character) in rest.char_indices() {
        match character {
            ';' if index > 0 => return Ok(Some((XmlReference::Entity(&rest[..index]), at + index + 2))),
            _ if index == 0 && !starts_name(character) => return invalid(0),
            _ if !is_name(character) => return invalid(index),
            _ => {}
        }
    }
    Ok(None)
}

/// Who knows what entities stand for.
pub(crate) trait Entities {
    /// The text of one, for use in a value. None if it is to be left out.
    fn text(&mut self, name: &str) -> Result<Option<std::rc::Rc<str>>, ErrorKind>;
    /// It has been read.
    fn close(&mut self, name: &str);
}

/// A value with its references replaced and its white space as spaces. `at` is where it stands.
pub(crate) fn normalize(value: &str, at: usize, entities: &mut dyn Entities) -> Result<String, Fault> {
    let mut normal = String::with_capacity(value.len());
    append(value, &mut normal, entities, 0).map_err(|Fault(kind, offset)| Fault(kind, at + offset))?;
    Ok(normal)
}

fn append(value: &str, normal: &mut String, entities: &mut dyn Entities, depth: usize) -> Result<(), Fault> {
    let mut at = 0;
    while let Some(found) = value[at..].find(['&', '\t', '\n', '\r', '<']) {
        normal.push_str(&value[at..at + found]);
        at += found;
        match value.as_bytes()[at] {
            b'&' => {
                let (reference, end) = reference(value, at)?.ok_or(Fault(ErrorKind::InvalidToken, at))?;
                match reference {
                    XmlReference::Character(number) => {
                        normal.push(chars::referenced(number).ok_or(Fault(ErrorKind::BadCharacterReference, at))?)
                    }
                    XmlReference::Entity(name) => match chars::predefined(name) {
                        Some(character) => normal.push(character),
                        None if depth >= DEEPEST => return Err(Fault(ErrorKind::NoMemory, at)),
                        None => {
                            if let Some(text) = entities.text(name).map_err(|kind| Fault(kind, at))? {
                                let inner = append(&text, normal, entities, depth + 1);
                                entities.close(name);
                                inner.map_err(|Fault(kind, _)| Fault(kind, at))?;
                            }
                        }
                    },
                }
                at = end;
            }
            b'<' => return Err(Fault(ErrorKind::InvalidToken, at)),
            byte => {
                normal.push(' ');
                at += if depth == 0 && byte == b'\r' && value.as_bytes().get(at + 1) == Some(&b'\n') { 2 } else { 1 };
            }
        }
    }
    normal.push_str(&value[at..]);
    Ok(())
}

/// A value of a type that is a list of words: one space between them.
pub(crate) fn collapse(value: &str) -> String {
    value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Ends of lines become line feeds.
pub(crate) fn lines(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}

/// The white space at the beginning is over.
pub(crate) fn skip_space(text: &str) -> &str {
    text.trim_start_matches(|character: char| u8::try_from(character).is_ok_and(is_space))
}
