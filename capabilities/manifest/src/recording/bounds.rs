//! What was passed for the parameters of a function → a bound that lets it through.

#![deny(clippy::wildcard_enum_match_arm)]

use crate::application::bound_fits;
use cloison_contract::interface::{Function, Interface, Parameter};
use cloison_contract::observation::ArgumentUse;
use cloison_contract::printable;
use cloison_contract::shape::Shape;
use std::collections::BTreeMap;

/// Integers up to here, either way, are kept as they are; larger ones are sizes, offsets, sums, and get head-room.
const SMALL: i128 = 1024;
/// How many values make a list.
const LISTED: usize = 4;
/// The longest word of a list, in bytes.
const WORD_BYTES: usize = 16;
/// Lengths below that are not told apart.
const LEAST_LENGTH: u64 = 64;
/// Parts of the names of parameters that may be secret: what they are is not written down.
const SECRET: [&str; 9] = ["auth", "cred", "key", "nonce", "pass", "pin", "pwd", "secret", "token"];

/// The bound for what was passed to a function; `None` if there is nothing to say. What is said is a bound of [`crate::application`]'s.
pub fn bound(interface: &Interface, function: &Function, arguments: &BTreeMap<usize, ArgumentUse>) -> Option<String> {
    // Then it is that function, and says nothing of arguments.
    let has_len = interface.functions.iter().any(|one| one.name == "len");
    let clauses = arguments.iter().filter_map(|(index, seen)| {
        let parameter = function.parameters.get(*index)?;
        let clause = clause(parameter, seen, has_len)?;
        bound_fits(interface, function, &clause).then_some(clause)
    });
    let clauses: Vec<_> = clauses.collect();
    (!clauses.is_empty()).then(|| clauses.join(" && "))
}

fn clause(parameter: &Parameter, seen: &ArgumentUse, has_len: bool) -> Option<String> {
    let name = &parameter.name;
    match &parameter.shape {
        Shape::Number(number) if seen.integers.is_some() => integers(name, seen, number.scalar.bounds()),
        Shape::Number(_) => reals(name, seen),
        Shape::Text(_) => texts(name, seen).or_else(|| length(name, seen, has_len)),
        Shape::Buffer(_) => length(name, seen, has_len),
        Shape::Callback(_)
        | Shape::CapacityOf(_)
        | Shape::Constant(_)
        | Shape::Handle(_)
        | Shape::LengthOf(_)
        | Shape::OutPointer(_)
        | Shape::Record(_)
        | Shape::ScalarPointer(_)
        | Shape::Wide(_) => None,
    }
}

fn integers(name: &str, seen: &ArgumentUse, type_bounds: Option<(i128, i128)>) -> Option<String> {
    let (low, high) = seen.integers?;
    let (least, most) = type_bounds?;
    if !seen.many_integers && seen.few_integers.len() <= LISTED && low >= -SMALL && high <= SMALL {
        let values: Vec<_> = seen.few_integers.iter().map(i128::to_string).collect();
        // Of a truth value both are all.
        return match &values[..] {
            _ if (low, high) == (least, most) => None,
            [one] => Some(format!("{name} == {one}")),
            _ => Some(format!("{name} in [{}]", values.join(", "))),
        };
    }
    let (low, high) = (widened(low), widened(high));
    let low = if high > SMALL { low.min(0) } else { low };
    let clauses =
        [(low > least).then(|| format!("{name} >= {low}")), (high < most).then(|| format!("{name} <= {}", size(high)))];
    let clauses: Vec<_> = clauses.into_iter().flatten().collect();
    (!clauses.is_empty()).then(|| clauses.join(" && "))
}

/// A large number, made larger: the next power of two.
fn widened(value: i128) -> i128 {
    match value.unsigned_abs() {
        magnitude if magnitude <= SMALL as u128 => value,
        magnitude => {
            let power = i128::try_from(magnitude.next_power_of_two()).unwrap_or(i128::MAX);
            if value < 0 { -power } else { power }
        }
    }
}

/// As expressions have it: `4 KiB` where that is what it is.
fn size(value: i128) -> String {
    let unit = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = unit.into_iter().find(|(_, factor)| value > SMALL && value % factor == 0);
    unit.map_or_else(|| value.to_string(), |(name, factor)| format!("{} {name}", value / factor))
}

fn reals(name: &str, seen: &ArgumentUse) -> Option<String> {
    let (low, high) = seen.reals.filter(|_| !seen.unordered)?;
    // There is no negative zero in a bound.
    let (low, high) = (low.floor() + 0.0, high.ceil() + 0.0);
    let plain = |value: f64| value.is_finite() && value.abs() < 1e15;
    (plain(low) && plain(high)).then(|| format!("{name} >= {low} && {name} <= {high}"))
}

fn texts(name: &str, seen: &ArgumentUse) -> Option<String> {
    if seen.many_texts || seen.null {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    if SECRET.iter().any(|part| lower.contains(part)) {
        return None;
    }
    let texts: Option<Vec<_>> = seen.few_texts.iter().map(|text| std::str::from_utf8(text).ok()).collect();
    let texts = texts?;
    if let Some(folder) = common_folder(&texts) {
        return Some(format!("{name} starts_with \"{folder}\""));
    }
    if texts.len() > LISTED || !texts.iter().all(|text| is_word(text)) {
        return None;
    }
    match texts[..] {
        [] => None,
        [one] => Some(format!("{name} == \"{one}\"")),
        _ => {
            let texts: Vec<_> = texts.iter().map(|text| format!("\"{text}\"")).collect();
            Some(format!("{name} in [{}]", texts.join(", ")))
        }
    }
}

/// Whether a text looks like one of a list: no space, nothing to be escaped, not long.
fn is_word(text: &str) -> bool {
    let plain = |one: char| one.is_ascii_alphanumeric() || "_.+-:".contains(one);
    !text.is_empty() && text.len() <= WORD_BYTES && text.chars().all(plain)
}

/// The folder that all of these absolute paths are in, with a `/` behind it; none if that is `/`, or if they are no plain paths.
fn common_folder(texts: &[&str]) -> Option<String> {
    let plain = |text: &&str| {
        text.starts_with('/')
            && text.split('/').all(|part| part != "..")
            && text.chars().all(|one| !printable::is_escaped(one) && one != '"' && one != '\\')
    };
    let (first, rest) = texts.split_first()?;
    if !texts.iter().all(plain) {
        return None;
    }
    let folder = |text: &str| text.rfind('/').map_or(0, |at| at + 1);
    let mut common = &first[..folder(first)];
    for text in rest {
        while !text.starts_with(common) {
            common = &common[..folder(common.strip_suffix('/')?)];
        }
    }
    (common.len() > 1).then(|| common.to_owned())
}

fn length(name: &str, seen: &ArgumentUse, has_len: bool) -> Option<String> {
    let longest = seen.longest.filter(|_| !has_len)?;
    Some(format!("len({name}) <= {}", size(i128::from(longest.max(LEAST_LENGTH).checked_next_power_of_two()?))))
}
