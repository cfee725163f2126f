//! Secrets that a server sends back are masked on their way to the program, as far as they appear as they are.
//!
//! A mask has the secret's length, so that nothing else of an answer changes. What comes in pieces is held back as long as its end may be
//! the beginning of a secret.

use cloison_contract::host::http::Secret;

/// Shorter secrets are not masked: too much else looks like them.
const SHORTEST: usize = 8;

/// One body on its way.
#[derive(Debug)]
pub(super) struct Mask<'s> {
    secrets: &'s [Secret],
    /// What may be the beginning of a secret.
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
        // The first place from which on everything is the beginning of a secret.
        let longest = self.all().map(|secret| secret.len() - 1).max().unwrap_or(0);
        let from = (bytes.len().saturating_sub(longest)..bytes.len()).find(|from| self.begins(&bytes[*from..]));
        let from = from.unwrap_or(bytes.len());
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
        self.secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST)
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

    fn begins(&self, end: &[u8]) -> bool {
        self.all().any(|secret| secret.len() > end.len() && secret.starts_with(end))
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
        assert_eq!(masked(&secrets(&["short"]), b"short", 1), "short");
        assert_eq!(masked(&[], b"abc", 1), "abc");
        assert_eq!(Mask::text(&one, b"x=hunter2hunter2"), b"x=**************");
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
