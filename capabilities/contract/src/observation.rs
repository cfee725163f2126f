//! What a zone tells the broker of calls while an application is recorded (`cloison run --record`).
//!
//! A zone looks at the arguments that C is about to see, after every bound has let them through, and says what it has not said before.
//! What it keeps for that, and what the broker makes of it, is the same: an [`ArgumentUse`] for each parameter, which is finite
//! whatever a program passes.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many different integers or texts of one parameter are remembered; beyond that only how large they were.
pub const MOST_VALUES: usize = 8;
/// The longest text that is told itself, in bytes; of others only the length is.
pub const TEXT_BYTES: usize = 64;
/// The longest name of a place, a path or a URL that a host service tells, in bytes.
pub const NAME_BYTES: usize = 1024;

/// The most different things that are told of what one service was asked for. Beyond that nobody knows what else it was.
pub const MOST_USES: usize = 4096;

/// One thing that a client has done.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Observation {
    /// It calls a function.
    Call {
        /// Which.
        function: u32,
    },
    /// An argument of a call.
    Argument {
        /// Of which function.
        function: u32,
        /// Of which parameter.
        parameter: u32,
        /// What was passed.
        value: ObservedValue,
    },
    /// What a host service was asked for.
    Service(ServiceUse),
    /// A call has taken longer than any before it: so many nanoseconds, callables included.
    Took(u64),
}

/// What was passed for a parameter.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum ObservedValue {
    /// An integer, an enumeration or a truth value.
    Integer(i128),
    /// A floating-point number.
    Real(f64),
    /// A text of [`TEXT_BYTES`] at most, without its NUL.
    Text(Vec<u8>),
    /// A longer text or a buffer, of which only the length is told: bytes, or elements.
    Length(u64),
    /// NULL for a text or a buffer.
    Null,
}

/// What a host service was asked for, and its configuration allows.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum ServiceUse {
    /// A program of the machine is started.
    Command {
        /// Position in the configuration.
        command: u32,
    },
    /// A connection, or a name that is looked up for one.
    Connect {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
    },
    /// A place is listened at.
    Listen {
        /// The address.
        host: String,
        /// The port.
        port: u16,
    },
    /// A folder below a root is made, renamed or removed: it may not be there the next time.
    Passing {
        /// Where the program sees the root.
        at: String,
        /// The folder, relative to the root.
        folder: String,
    },
    /// A request.
    Request {
        /// The rule that lets just this request through.
        rule: String,
    },
    /// Something below a root.
    Right {
        /// Where the program sees the root.
        at: String,
        /// The folder in which it is, relative to the root; nothing for the root itself, and where it takes more of the root than one
        /// folder of it.
        folder: String,
        /// The right that it took, as manifests name it; or [`LOOK_AT_FOLDER`], [`LOOK_INSIDE`], [`LOOK_IN_VAIN`].
        right: String,
    },
}

/// What stands for a right where a folder was looked at (`stat`), which any right gives.
pub const LOOK_AT_FOLDER: &str = "";
/// … where something in a folder was.
pub const LOOK_INSIDE: &str = "look";
/// … where something was that is not there.
pub const LOOK_IN_VAIN: &str = "absent";

impl ServiceUse {
    /// Whether it is as long as such things may be.
    pub fn is_short(&self) -> bool {
        let longest = match self {
            Self::Command { .. } => 0,
            Self::Connect { host, .. } | Self::Listen { host, .. } => host.len(),
            Self::Request { rule } => rule.len(),
            Self::Passing { at, folder } => at.len().max(folder.len()),
            Self::Right { at, folder, right } => at.len().max(folder.len()).max(right.len()),
        };
        longest <= NAME_BYTES
    }
}

/// What was seen of one parameter. Finite: eight values at most, and how far they reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArgumentUse {
    /// The least and the greatest integer.
    pub integers: Option<(i128, i128)>,
    /// The integers, as long as they are few.
    pub few_integers: BTreeSet<i128>,
    /// More integers than are remembered.
    pub many_integers: bool,
    /// The least and the greatest number, NaN left out.
    pub reals: Option<(f64, f64)>,
    /// NaN was passed, which passes no comparison.
    pub unordered: bool,
    /// The texts, as long as they are few and short.
    pub few_texts: BTreeSet<Vec<u8>>,
    /// More texts than are remembered, or longer ones.
    pub many_texts: bool,
    /// The length of the longest text or buffer.
    pub longest: Option<u64>,
    /// NULL was passed.
    pub null: bool,
}

impl ArgumentUse {
    /// Take note of a value; whether that says anything new.
    pub fn add(&mut self, value: &ObservedValue) -> bool {
        match value {
            ObservedValue::Integer(value) => self.add_integer(*value),
            ObservedValue::Real(value) if value.is_nan() => !std::mem::replace(&mut self.unordered, true),
            ObservedValue::Real(value) => {
                let (low, high) = self.reals.unwrap_or((*value, *value));
                let wider = (low.min(*value), high.max(*value));
                self.reals.replace(wider) != Some(wider)
            }
            ObservedValue::Text(text) => {
                let longer = self.add_length(text.len() as u64);
                self.add_text(text) || longer
            }
            ObservedValue::Length(length) => {
                let first = !std::mem::replace(&mut self.many_texts, true);
                self.add_length(*length) || first
            }
            ObservedValue::Null => !std::mem::replace(&mut self.null, true),
        }
    }

    fn add_integer(&mut self, value: i128) -> bool {
        let (low, high) = self.integers.unwrap_or((value, value));
        let wider = (low.min(value), high.max(value));
        let reaches_further = self.integers.replace(wider) != Some(wider);
        if self.many_integers || self.few_integers.contains(&value) {
            return reaches_further;
        }
        if self.few_integers.len() == MOST_VALUES {
            self.many_integers = true;
            self.few_integers.clear();
        } else {
            self.few_integers.insert(value);
        }
        true
    }

    fn add_text(&mut self, text: &[u8]) -> bool {
        if self.many_texts || self.few_texts.contains(text) {
            return false;
        }
        if self.few_texts.len() == MOST_VALUES || text.len() > TEXT_BYTES {
            self.many_texts = true;
            self.few_texts.clear();
        } else {
            self.few_texts.insert(text.to_vec());
        }
        true
    }

    fn add_length(&mut self, length: u64) -> bool {
        let longest = self.longest.map_or(length, |longest| longest.max(length));
        self.longest.replace(longest) != Some(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_finite_and_says_what_is_new() {
        let mut seen = ArgumentUse::default();
        assert!(seen.add(&ObservedValue::Integer(5)) && !seen.add(&ObservedValue::Integer(5)));
        for value in 0..100 {
            seen.add(&ObservedValue::Integer(value));
        }
        assert!(seen.many_integers && seen.few_integers.is_empty() && seen.integers == Some((0, 99)));
        assert!(!seen.add(&ObservedValue::Integer(50)) && seen.add(&ObservedValue::Integer(-1)));
        for index in 0..100 {
            seen.add(&ObservedValue::Text(format!("text {index}").into_bytes()));
        }
        assert!(seen.many_texts && seen.few_texts.is_empty() && seen.longest == Some(7));
        assert!(!seen.add(&ObservedValue::Length(7)) && seen.add(&ObservedValue::Length(8)));
        assert!(seen.add(&ObservedValue::Real(f64::NAN)) && seen.reals.is_none() && seen.unordered);
        assert!(seen.add(&ObservedValue::Real(1.0)) && !seen.add(&ObservedValue::Real(1.0)));
        assert!(seen.add(&ObservedValue::Null) && !seen.add(&ObservedValue::Null));
    }

    #[test]
    fn a_long_text_is_none_of_the_few() {
        let mut seen = ArgumentUse::default();
        seen.add(&ObservedValue::Text(b"a".to_vec()));
        seen.add(&ObservedValue::Text(vec![b'b'; TEXT_BYTES + 1]));
        assert!(seen.many_texts && seen.few_texts.is_empty() && seen.longest == Some(65));
    }
}
