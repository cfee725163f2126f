//! The words of C that stand in declarations.

use crate::diagnostic::Mistake;
use std::ops::Range;

/// One word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Token<'a> {
    /// `...`
    Ellipsis,
    /// The end of the text.
    End,
    Number(&'a str),
    /// One character: a bracket, `*`, `,`, `;` or an operator inside an array's length.
    Sign(char),
    Word(&'a str),
}

impl Token<'_> {
    /// As an error names it.
    pub(super) fn describe(self) -> String {
        match self {
            Token::Ellipsis => "`...`".into(),
            Token::End => "the end".into(),
            Token::Number(text) | Token::Word(text) => format!("`{text}`"),
            Token::Sign(sign) => format!("`{sign}`"),
        }
    }
}

/// Splits a text into words and their places, leaves out white space and comments, and ends with [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, Mistake> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if let Some(length) = blank(rest, at)? {
            at += length;
            continue;
        }
        let (token, length) = match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = word_length(rest);
                (Token::Word(&rest[..length]), length)
            }
            '0'..='9' => {
                let length = word_length(rest);
                (Token::Number(&rest[..length]), length)
            }
            '.' if rest.starts_with("...") => (Token::Ellipsis, 3),
            '(' | ')' | '[' | ']' | '{' | '}' | '*' | ',' | ';' | '=' | '+' | '-' | '/' | ':' => {
                (Token::Sign(first), 1)
            }
            _ => return Err(unexpected(first, at)),
        };
        found.push((token, at..at + length));
        at += length;
    }
    found.push((Token::End, at..at));
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

fn unexpected(character: char, at: usize) -> Mistake {
    let mistake = Mistake::new(at..at + character.len_utf8(), format!("`{character}` has no place in a C declaration"));
    match character {
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
