//! The syntax tree of a preprocessed header, by `lang-c`.
//!
//! The parser gives up at the first thing that it does not know. Headers of new compilers may well have such a thing, so
//! the declaration that it stumbles over is blanked, and it starts again.

use super::preprocess::Unit;
use super::split;
use anyhow::bail;
use lang_c::ast::TranslationUnit;
use lang_c::driver::{Config, parse_preprocessed};
use std::ops::Range;

/// How many declarations may be blanked before we stop.
const ATTEMPTS: usize = 60;
/// The longest text that is read, in bytes.
const MAX_TEXT: usize = 16 << 20;
/// How much of a declaration that could not be read is shown, in characters.
const SHOWN: usize = 120;

/// What was read.
#[derive(Debug)]
pub struct Parsed {
    /// The text that the tree's places refer to.
    pub text: String,
    pub tree: TranslationUnit,
    /// The header's own declarations that could not be read.
    pub unread: Vec<String>,
}

pub fn parse(unit: &Unit) -> anyhow::Result<Parsed> {
    if unit.text.len() > MAX_TEXT {
        bail!(
            "{}: with what it includes it has {} bytes of C; {MAX_TEXT} are read",
            unit.header.display(),
            unit.text.len()
        );
    }
    let (mut text, pieces) = split::split(&unit.text);
    let mut unread = Vec::new();
    for piece in pieces.iter().filter(|piece| piece.too_deep) {
        leave_out(unit, &mut text, &piece.range, &mut unread);
    }
    for _ in 0..ATTEMPTS {
        match parse_preprocessed(&Config::default(), text) {
            Ok(parsed) => return Ok(Parsed { text: parsed.source, tree: parsed.unit, unread }),
            Err(error) => {
                text = error.source;
                let at = pieces.partition_point(|piece| piece.range.end <= error.offset);
                let Some(piece) = pieces.get(at).or(pieces.last()) else { break };
                leave_out(unit, &mut text, &piece.range, &mut unread);
            }
        }
    }
    bail!("{}: more than {ATTEMPTS} declarations in it, or in what it includes, cannot be read", unit.header.display())
}

/// Blanks a declaration, and notes it if it is one of the header's own.
fn leave_out(unit: &Unit, text: &mut String, range: &Range<usize>, unread: &mut Vec<String>) {
    let declared = &text[range.clone()];
    let space = declared.len() - declared.trim_start().len();
    if unit.is_own(range.start + space) {
        unread.push(short(declared));
    }
    text.replace_range(range.clone(), &" ".repeat(range.len()));
}

/// The beginning of a declaration, on one line.
fn short(text: &str) -> String {
    let mut short = String::new();
    for word in text.split_whitespace() {
        if !short.is_empty() {
            short.push(' ');
        }
        short.extend(word.chars().take(SHOWN));
        if short.chars().count() > SHOWN {
            return short.chars().take(SHOWN).chain(['…']).collect();
        }
    }
    short
}
