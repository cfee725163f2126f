//! The words of C that stand in declarations.

use crate::diagnostic::Mistake;
use std::ops::Range;

/// One word of C.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CToken<'a> {
    /// `'a'`, quotes included.
    Character(&'a str),
    /// `...`
    Ellipsis,
    /// The end of the text.
    End,
    Number(&'a str),
    /// One character: a bracket, `*`, `,`, `;` or an operator inside an array's length.
    Sign(char),
    Word(&'a str),
}

impl CToken<'_> {
    /// As an error names it.
    pub(super) fn describe(self) -> String {
        match self {
            CToken::Ellipsis => "`...`".into(),
            CToken::End => "the end".into(),
            CToken::Character(text) | CToken::Number(text) | CToken::Word(text) => format!("`{text}`"),
            CToken::Sign(sign) => format!("`{sign}`"),
        }
    }
}

/// Splits a text into words and their places, leaves out white space and comments, and ends with [`CToken::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(CToken<'_>, Range<usize>)>, Mistake> {
    let mut found = Vec::new();
    let mut at = 0;
    // Operators stand in lengths and in bodies; elsewhere `&` and `<` are C++.
    let mut open = 0usize;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if let Some(length) = blank(rest, at)? {
            at += length;
            continue;
        }
        let (token, length) = match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = word_length(rest);
                (CToken::Word(&rest[..length]), length)
            }
            '0'..='9' => {
                let length = word_length(rest);
                (CToken::Number(&rest[..length]), length)
            }
            '.' if rest.starts_with("...") => (CToken::Ellipsis, 3),
            '\'' => {
                let length = character_length(rest)
                    .ok_or_else(|| Mistake::new(at..at + 1, "this character constant has no end"))?;
                (CToken::Character(&rest[..length]), length)
            }
            '|' | '&' | '^' | '~' | '<' | '>' | '%' | '!' if open > 0 => (CToken::Sign(first), 1),
            '(' | ')' | '[' | ']' | '{' | '}' | '*' | ',' | ';' | '=' | '+' | '-' | '/' | ':' => {
                (CToken::Sign(first), 1)
            }
            _ => return Err(unexpected(first, rest, at)),
        };
        match token {
            CToken::Sign('[' | '{') => open += 1,
            CToken::Sign(']' | '}') => open = open.saturating_sub(1),
            _ => {}
        }
        found.push((token, at..at + length));
        at += length;
    }
    found.push((CToken::End, at..at));
    Ok(found)
}

/// The length of the white space or the comment that a text begins with.
fn blank(text: &str, at: usize) -> Result<Option<usize>, Mistake> {
    if let Some(comment) = text.strip_prefix("/*") {
        let unclosed = || Mistake::new(at..at + 2, "this comment has no end");
        return comment.find("*/").map(|end| Some(end + 4)).ok_or_else(unclosed);
    }
    if text.starts_with("//") {
        return Ok(Some(text.find('\n').unwrap_or(text.len())));
    }
    let length = text.len() - text.trim_start().len();
    Ok((length > 0).then_some(length))
}

fn word_length(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}

/// The length of a character constant: up to the next quote on its line that has no backslash before it.
fn character_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => return None,
            b'\'' if !escaped => return Some(at + 1),
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    None
}

fn unexpected(character: char, rest: &str, at: usize) -> Mistake {
    let mistake = Mistake::new(at..at + character.len_utf8(), format!("`{character}` has no place in a C declaration"));
    match character {
        '#' if rest[1..].trim_start().starts_with("pragma") => {
            Mistake::new(at..at + 1, "there are no pragmas here").hint(
                "what `#pragma pack(1)` does is written `__attribute__((packed))` behind the `}`; for `pack(2)`, members \
                 of more than one byte want `__attribute__((aligned(2)))` besides",
            )
        }
        '#' => mistake.hint("there is no preprocessor here: write the declaration as it is after preprocessing"),
        '&' => {
            mistake.hint("C has no references; is this a C++ declaration? Only functions with C linkage can be called")
        }
        '<' | '>' => {
            mistake.hint("C has no templates; is this a C++ declaration? Only functions with C linkage can be called")
        }
        _ => mistake,
    }
}
