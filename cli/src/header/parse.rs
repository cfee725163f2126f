//! The syntax tree of a preprocessed header, by `lang-c`.
//!
//! The parser gives up at the first thing that it does not know. Headers of new compilers may well have such a thing, so
//! what it stumbles over is blanked, from the end of the declaration before it to its own, and it starts again.

use super::preprocess::Unit;
use lang_c::ast::TranslationUnit;
use lang_c::driver::{Config, parse_preprocessed};
use std::ops::Range;

/// How many declarations may be blanked before we stop.
const ATTEMPTS: usize = 60;

/// What was read.
pub struct Parsed {
    /// The text that the tree's places refer to.
    pub text: String,
    pub tree: TranslationUnit,
    /// The header's own declarations that could not be read.
    pub unread: Vec<String>,
}

pub fn parse(unit: &Unit) -> Parsed {
    let mut text = unit.text.clone();
    let mut unread = Vec::new();
    for _ in 0..ATTEMPTS {
        match parse_preprocessed(&Config::default(), text.clone()) {
            Ok(parsed) => return Parsed { text, tree: parsed.unit, unread },
            Err(error) => {
                let range = declaration_around(&text, error.offset);
                if range.is_empty() {
                    break;
                }
                if unit.is_own(range.end - 1) {
                    unread.push(text[range.clone()].split_whitespace().collect::<Vec<_>>().join(" "));
                }
                let blank = " ".repeat(range.len());
                text.replace_range(range, &blank);
            }
        }
    }
    Parsed { text, tree: TranslationUnit(Vec::new()), unread }
}

/// The declaration at file level that has that offset in it.
fn declaration_around(text: &str, offset: usize) -> Range<usize> {
    let (mut start, mut depth) = (0, 0usize);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' | b'{' | b'[' => depth += 1,
            b')' | b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        // A `}` ends a function's body; after a struct's, a name or `;` follows.
        let body = *byte == b'}' && !text[at + 1..].trim_start().starts_with([';', ',', '*', '_']);
        let ends = depth == 0 && (*byte == b';' || (body && is_function(&text[start..at])));
        if ends && at >= offset.min(bytes.len().saturating_sub(1)) {
            return start..at + 1;
        }
        if ends {
            start = at + 1;
        }
    }
    start..bytes.len()
}

fn is_function(text: &str) -> bool {
    text.find('{').is_some_and(|brace| text[..brace].trim_end().ends_with(')'))
}
