//! `<?xml version="1.0" encoding="…" standalone="…"?>`

use crate::cursor::Cursor;
use crate::error::{ErrorKind, Fault};

/// What a declaration says.
pub(crate) struct XmlDeclaration<'a> {
    pub(crate) version: Option<&'a str>,
    /// And where it stands.
    pub(crate) encoding: Option<(&'a str, usize)>,
    pub(crate) standalone: Option<bool>,
}

/// The declaration that `text` is, from behind `<?xml` on. That of an external entity needs no version, but an encoding.
pub(crate) fn parse(text: &str, at: usize, external: bool) -> Result<XmlDeclaration<'_>, Fault> {
    let kind = if external { ErrorKind::TextDeclaration } else { ErrorKind::XmlDeclaration };
    let mut cursor = Cursor::new(text, at);
    let mut declaration = XmlDeclaration { version: None, encoding: None, standalone: None };
    let (mut next, mut name_at) = pair(&mut cursor, kind)?;
    if let Some(("version", value, at)) = next {
        if !value.chars().all(|character| character.is_ascii_alphanumeric() || "_.:-".contains(character)) {
            return Err(Fault(kind, at));
        }
        declaration.version = Some(value);
        (next, name_at) = pair(&mut cursor, kind)?;
    } else if !external {
        return Err(Fault(kind, name_at));
    }
    if let Some(("encoding", value, at)) = next {
        if !value.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(Fault(kind, at));
        }
        declaration.encoding = Some((value, at));
        (next, name_at) = pair(&mut cursor, kind)?;
    } else if external {
        return Err(cursor.fault(kind));
    }
    if let (Some(("standalone", value, at)), false) = (next, external) {
        declaration.standalone = match value {
            "yes" => Some(true),
            "no" => Some(false),
            _ => return Err(Fault(kind, at)),
        };
        (next, name_at) = pair(&mut cursor, kind)?;
    }
    match next {
        None => Ok(declaration),
        Some(_) => Err(Fault(kind, name_at)),
    }
}

/// A name, its value, and where the value stands.
type Pair<'a> = (&'a str, &'a str, usize);

/// The next pair, none at the end, and where it stands.
fn pair<'a>(cursor: &mut Cursor<'a>, kind: ErrorKind) -> Result<(Option<Pair<'a>>, usize), Fault> {
    let space = cursor.space();
    if cursor.is_at_end() {
        return Ok((None, cursor.at));
    }
    if !space {
        return Err(cursor.fault(kind));
    }
    let name_at = cursor.at;
    let name = cursor.name(kind)?;
    cursor.space();
    if !cursor.eat("=") {
        return Err(cursor.fault(kind));
    }
    cursor.space();
    let at = cursor.at + 1;
    let value = cursor.literal(kind).map_err(|_| Fault(kind, at))?;
    Ok((Some((name, value, at)), name_at))
}
