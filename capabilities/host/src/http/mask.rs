//! Secrets that a server sends back are masked on their way to the program, as far as they appear as they are.
//!
//! A mask has the secret's length, so that nothing else of an answer changes. What comes in pieces is held back as far as a secret could
//! begin in it that is not complete: always as much of it, whatever it is. If it depended on how a secret begins, a program could find
//! that out, a character at a time, from any server that says back what it is told, by the sizes of the pieces.

use cloison_contract::host::http::{Secret, is_value_byte};

/// One body on its way.
#[derive(Debug)]
pub(super) struct Mask<'s> {
    secrets: &'s [Secret],
    /// What a secret could have begun in.
    held: Vec<u8>,
    /// How many of these are known to be the end of another one.
    known: usize,
}

impl<'s> Mask<'s> {
    pub(super) fn new(secrets: &'s [Secret]) -> Self {
        Self { secrets, held: Vec::new(), known: 0 }
    }

    /// Takes the next piece, and gives what can be sent.
    pub(super) fn pass(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(piece);
        let found = self.find(&bytes);
        // No secret goes over a byte that no header can have, such as an end of line.
        let longest = self.all().map(|secret| secret.len() - 1).max().unwrap_or(0);
        let run = bytes.iter().rev().take(longest).take_while(|byte| is_value_byte(**byte)).count();
        let from = bytes.len() - run;
        self.held = bytes.split_off(from);
        let (mut sent, mut known) = (bytes, 0);
        for (start, end) in found {
            let inside = end.min(from);
            if start < inside {
                sent[start..inside].fill(b'*');
            }
            if start < from {
                known = known.max(end.saturating_sub(from));
            }
        }
        sent[..self.known.min(from)].fill(b'*');
        self.known = known.max(self.known.saturating_sub(from));
        sent
    }

    /// What was held back, when nothing follows.
    pub(super) fn end(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.held);
        for (start, end) in self.find(&rest) {
            rest[start..end].fill(b'*');
        }
        let known = self.known.min(rest.len());
        rest[..known].fill(b'*');
        self.known = 0;
        rest
    }

    /// The whole of a short text.
    pub(super) fn text(secrets: &'s [Secret], text: &[u8]) -> Vec<u8> {
        let mut mask = Self::new(secrets);
        let mut masked = mask.pass(text);
        masked.extend_from_slice(&mask.end());
        masked
    }

    fn all(&self) -> impl Iterator<Item = &'s [u8]> + use<'s> {
        self.secrets.iter().map(Secret::expose)
    }

    /// Where secrets stand, overlapping ones too.
    fn find(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for secret in self.all() {
            let mut from = 0;
            while let Some(at) = bytes[from..].iter().position(|byte| *byte == secret[0]) {
                let start = from + at;
                if bytes[start..].starts_with(secret) {
                    found.push((start, start + secret.len()));
                }
                from = start + 1;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::new(text.as_bytes().to_vec()).expect("a secret")).collect()
    }

    fn masked(secrets: &[Secret], text: &[u8], piece: usize) -> String {
        let mut mask = Mask::new(secrets);
        let mut sent: Vec<u8> = text.chunks(piece).flat_map(|part| mask.pass(part)).collect();
        sent.extend(mask.end());
        String::from_utf8_lossy(&sent).into_owned()
    }

    #[test]
    fn a_secret_is_masked_however_it_arrives() {
        let one = secrets(&["hunter2hunter2"]);
        for piece in 1..40 {
            assert_eq!(masked(&one, b"key: hunter2hunter2!", piece), "key: **************!");
            assert_eq!(masked(&one, b"hunter2hunterhunter2hunter2", piece), "hunter2hunter**************");
            assert_eq!(masked(&one, b"hunter2hunter2hunter2", piece), "*********************");
            assert_eq!(masked(&one, b"hunter2hunter", piece), "hunter2hunter");
            let two = secrets(&["abcd1234", "abcd1234efgh", "1234efghXYZW"]);
            assert_eq!(masked(&two, b"-abcd1234efghXYZW-", piece), "-****************-");
            assert_eq!(masked(&two, b"-abcd1234efgX-", piece), "-********efgX-");
        }
        assert_eq!(masked(&[], b"abc", 1), "abc");
        assert_eq!(Mask::text(&one, b"x=hunter2hunter2"), b"x=**************");
    }

    /// Or a program would guess them by the sizes of pieces.
    #[test]
    fn what_is_held_back_does_not_tell_how_a_secret_begins() {
        let one = secrets(&["hunter2hunter2"]);
        let sizes = |text: &str, piece: usize| -> Vec<usize> {
            let mut mask = Mask::new(&one);
            text.as_bytes().chunks(piece).map(|part| mask.pass(part).len()).collect()
        };
        for piece in 1..40 {
            let expected = sizes("Hello .xxxxxxxxxxxxx and more\nHello xxxxxx", piece);
            for guess in ["hunter2hunter", "hunterxxxxxxx", "xxxxxxxhunter", "hhhhhhhhhhhhh"] {
                assert_eq!(
                    sizes(&format!("Hello .{guess} and more\nHello hunter"), piece),
                    expected,
                    "{guess}, {piece}"
                );
            }
        }
        // Lines come at once.
        assert_eq!(Mask::new(&one).pass(b"data: hunter2h\n").len(), 15);
        assert_eq!(Mask::new(&[]).pass(b"hunter2h").len(), 8);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn pieces_change_nothing(text in "[ab]{0,60}", first in "[ab]{8,10}", second in "[ab]{8,12}", piece in 1..20_usize) {
            let both = secrets(&[&first, &second]);
            let sent = masked(&both, text.as_bytes(), piece);
            prop_assert_eq!(sent.len(), text.len());
            // By hand: every byte that is in some occurrence.
            let mut expected = text.clone().into_bytes();
            for secret in [&first, &second] {
                for start in 0..text.len() {
                    if text[start..].starts_with(secret.as_str()) {
                        expected[start..start + secret.len()].fill(b'*');
                    }
                }
            }
            prop_assert_eq!(sent.as_bytes(), expected);
        }
    }
}
