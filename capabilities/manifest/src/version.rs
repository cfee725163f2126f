//! Versions of interfaces: what a zone's manifest says it is, and what an application asks for.
//!
//! A manifest's author counts as of semantic versioning: the first number goes up when what was called before cannot be called
//! as before, the second when there is more to call, the third for all else; while the first is 0, the second is in its place.
//!
//! | asked for | taken |
//! |---|---|
//! | `"1"` | 1.0.0 and later ones before 2.0.0 |
//! | `"1.2"` | 1.2.0 and later ones before 2.0.0 |
//! | `"1.2.3"` | 1.2.3 and later ones before 2.0.0 |
//! | `"0.2"` | 0.2.0 and later ones before 0.3.0 |
//! | `"0.0.3"` | 0.0.3 |
//! | `"=1.2.3"` | 1.2.3 |

use crate::diagnostic::Mistake;
use std::fmt;

/// How many digits a number of a version has at most.
const MOST_DIGITS: usize = 9;

/// `zone.version`: three numbers.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct InterfaceVersion([u32; 3]);

impl InterfaceVersion {
    /// Reads `1.2.3`, and nothing shorter or longer.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers = numbers(text)?;
        Some(Self(numbers.try_into().ok()?))
    }
}

impl fmt::Display for InterfaceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// `version` of a capability: from which version on, and before which.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WantedVersion {
    text: String,
    least: InterfaceVersion,
    before: InterfaceVersion,
}

impl WantedVersion {
    /// Reads `1`, `1.2`, `1.2.3` or `=1.2.3`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let wrong = |hint: &str| Mistake::new(0..text.len(), format!("`{text}` asks for no version")).hint(hint);
        let (exact, plain) = match text.strip_prefix('=') {
            Some(plain) => (true, plain),
            None => (false, text),
        };
        let form = "\"1\" is every 1.x.y, \"1.2\" is 1.2.0 and later ones before 2.0.0, \"=1.2.3\" is that one alone";
        let given = numbers(plain).ok_or_else(|| wrong(form))?;
        if exact && given.len() < 3 {
            return Err(wrong("behind `=` stand three numbers: \"=1.2.3\""));
        }
        let mut least = [0; 3];
        least[..given.len()].copy_from_slice(&given);
        // The first number that is not 0 says what goes with what; of zeros alone, the last one that was given.
        let last = given.len() - 1;
        let counts = if exact { last } else { given.iter().position(|number| *number != 0).unwrap_or(last) };
        let mut before = [0; 3];
        before[..=counts].copy_from_slice(&least[..=counts]);
        before[counts] += 1;
        let (least, before) = (InterfaceVersion(least), InterfaceVersion(before));
        Ok(Self { text: text.to_owned(), least, before })
    }

    /// Whether an interface of that version will do.
    pub fn takes(&self, version: InterfaceVersion) -> bool {
        (self.least..self.before).contains(&version)
    }

    /// Whether every version that this takes, `wider` takes as well.
    pub fn is_within(&self, wider: &Self) -> bool {
        self.least >= wider.least && self.before <= wider.before
    }

    /// What it takes, in words: `1.2.0 and later ones before 2.0.0`.
    pub fn words(&self) -> String {
        let InterfaceVersion([major, minor, patch]) = self.least;
        match self.before == InterfaceVersion([major, minor, patch + 1]) {
            true => format!("{} alone", self.least),
            false => format!("{} and later ones before {}", self.least, self.before),
        }
    }

    /// Whether it is too late for that version, and not too early.
    pub(crate) fn is_newer_than(&self, version: InterfaceVersion) -> bool {
        version < self.least
    }
}

/// As it was written.
impl fmt::Display for WantedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One to three numbers with points between them.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let number = |part: &str| {
        let digits = (1..=MOST_DIGITS).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    };
    let numbers: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    (numbers.len() <= 3).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> InterfaceVersion {
        InterfaceVersion::parse(text).unwrap_or_else(|| panic!("{text} is a version"))
    }

    fn wanted(text: &str) -> WantedVersion {
        WantedVersion::parse(text).unwrap_or_else(|mistake| panic!("{text}: {mistake}"))
    }

    #[test]
    fn what_is_asked_for_is_taken_and_nothing_else() {
        for (text, taken, refused) in [
            ("1", &["1.0.0", "1.0.1", "1.9.999999999"][..], &["0.9.9", "2.0.0", "10.0.0"][..]),
            ("1.2", &["1.2.0", "1.2.7", "1.10.0"], &["1.1.9", "2.0.0", "0.2.0"]),
            ("1.2.3", &["1.2.3", "1.2.10", "1.3.0"], &["1.2.2", "2.0.0"]),
            ("0", &["0.0.0", "0.7.1"], &["1.0.0"]),
            ("0.2", &["0.2.0", "0.2.9"], &["0.1.9", "0.3.0", "1.2.0"]),
            ("0.2.3", &["0.2.3", "0.2.4"], &["0.2.2", "0.3.0"]),
            ("0.0", &["0.0.0", "0.0.5"], &["0.1.0"]),
            ("0.0.3", &["0.0.3"], &["0.0.2", "0.0.4"]),
            ("=1.2.3", &["1.2.3"], &["1.2.2", "1.2.4", "1.3.0"]),
            ("=0.0.0", &["0.0.0"], &["0.0.1"]),
            ("999999999.999999999", &["999999999.999999999.0"], &["999999999.0.0"]),
        ] {
            let wanted = wanted(text);
            assert_eq!(wanted.to_string(), text);
            assert!(taken.iter().all(|one| wanted.takes(version(one))), "{text} does not take all of {taken:?}");
            assert!(!refused.iter().any(|one| wanted.takes(version(one))), "{text} takes one of {refused:?}");
        }
    }

    #[test]
    fn nothing_else_is_a_version() {
        for text in
            ["", "=", "v1", "^1", "~1.2", ">=1", "1.", ".1", "1.2.3.4", "1.x", "1.*", "=1.2", " 1", "1234567890"]
        {
            assert!(WantedVersion::parse(text).is_err(), "{text}");
        }
        for text in ["", "1", "1.0", "1.0.0.0", "=1.0.0", "1.0.0-rc1", "1.0.1234567890", "1.0.١"] {
            assert_eq!(InterfaceVersion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_within_another_one_takes_no_more() {
        for (inner, outer, within) in [
            ("1.2", "1", true),
            ("=1.2.3", "1.2", true),
            ("1", "1", true),
            ("1", "1.2", false),
            ("1.2", "=1.2.0", false),
            ("2", "1", false),
        ] {
            assert_eq!(wanted(inner).is_within(&wanted(outer)), within, "{inner} in {outer}");
        }
        assert_eq!(wanted("1.2").words(), "1.2.0 and later ones before 2.0.0");
        assert_eq!((wanted("0.0.3").words(), wanted("=1.2.3").words()), ("0.0.3 alone".into(), "1.2.3 alone".into()));
    }
}
