//! One line: JSON that stays one line wherever it is looked at, and the hash that ties it to the line before. Pure.

use crate::zones::library::hex;
use cloison_contract::printable::is_escaped;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// The longest line, in bytes, its end included.
pub const LINE_BYTES: usize = 32 << 10;
/// The letters of a hash.
const HASH_LETTERS: usize = 64;
/// What stands before a line's hash, and what behind it.
const BEFORE: &str = ",\"hash\":\"";
const BEHIND: &str = "\"}";

/// What hangs together so far.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Chain {
    /// The hash of the latest line, in hexadecimal; empty before the first.
    pub(super) last: String,
    /// The number of the next line.
    pub(super) next: u64,
}

impl Chain {
    /// The line that goes on with the chain, and the chain with it. `fields` is a JSON object that is not empty.
    pub(super) fn line(&self, fields: &str) -> (String, Self) {
        let last = hash(&self.last, fields);
        let open = fields.strip_suffix('}').unwrap_or(fields);
        (format!("{open}{BEFORE}{last}{BEHIND}\n"), Self { last, next: self.next + 1 })
    }

    /// Whether a line with these fields and that hash goes on with it.
    pub(super) fn is_followed_by(&self, fields: &str, hash_of_it: &str) -> bool {
        hash(&self.last, fields) == hash_of_it
    }
}

/// The fields of a line without its end, as an object, and its hash; `None` if it has none.
pub(super) fn taken_apart(line: &str) -> Option<(String, &str)> {
    let at = line.len().checked_sub(BEFORE.len() + HASH_LETTERS + BEHIND.len())?;
    let (open, rest) = line.split_at_checked(at)?;
    let hash = rest.strip_prefix(BEFORE)?.strip_suffix(BEHIND)?;
    let plain = hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    plain.then(|| (format!("{open}}}"), hash))
}

/// The fields as JSON: in what others have written, control characters, those that turn letters round, those that end a line
/// elsewhere, and those that nobody sees are escaped.
pub(super) fn json(fields: &impl Serialize) -> io::Result<String> {
    let mut written = Vec::new();
    fields.serialize(&mut Serializer::with_formatter(&mut written, OneLine))?;
    String::from_utf8(written).map_err(io::Error::other)
}

/// `serde_json` itself escapes control characters below U+0020, quotes and backslashes, and hands out the rest of a text.
struct OneLine;

impl Formatter for OneLine {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        fragment.chars().try_for_each(|one| match is_escaped(one) {
            true => one.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}")),
            false => write!(writer, "{one}"),
        })
    }
}

fn hash(previous: &str, fields: &str) -> String {
    hex(&Sha256::new().chain_update(previous).chain_update(fields).finalize())
}
