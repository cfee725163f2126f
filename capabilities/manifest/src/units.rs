//! Sizes (`"128 MiB"`), durations (`"500 ms"`) and rates (`"1000/s"`) as people write them.

use crate::diagnostic::Mistake;
use cloison_contract::grant::Rate;
use cloison_contract::spelling::did_you_mean;
use std::time::Duration;

const BINARY: [(&str, u64); 5] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
const TIME: [(&str, u64); 9] = [
    ("ms", 1),
    ("s", 1000),
    ("sec", 1000),
    ("second", 1000),
    ("min", 60_000),
    ("minute", 60_000),
    ("h", 3_600_000),
    ("hour", 3_600_000),
    ("day", 86_400_000),
];

/// `KiB`, `MiB`, `GiB`: the units of expressions.
pub fn binary_unit(unit: &str) -> Option<u64> {
    matches!(unit, "KiB" | "MiB" | "GiB").then(|| lookup(&BINARY, unit)).flatten()
}

/// Bytes.
pub fn size(text: &str) -> Result<u64, Mistake> {
    let expected = "a size is a number of bytes, or a number and one of B, KiB, MiB, GiB, TiB";
    let (number, unit) = split(text).ok_or_else(|| whole(text, format!("`{text}` is no size")).hint(expected))?;
    let factor = if unit.is_empty() { Some(1) } else { lookup(&BINARY, unit) };
    let factor = factor.ok_or_else(|| {
        whole(text, format!("`{unit}` is no unit of size")).hint(match unit.to_ascii_lowercase().as_str() {
            "k" | "kb" | "kib" => format!("write `{number} KiB` (1 KiB is 1024 bytes)"),
            "m" | "mb" | "mib" => format!("write `{number} MiB` (1 MiB is 1024 KiB)"),
            "g" | "gb" | "gib" => format!("write `{number} GiB` (1 GiB is 1024 MiB)"),
            _ => expected.to_owned(),
        })
    })?;
    number.checked_mul(factor).ok_or_else(|| whole(text, "the size is too large"))
}

/// As a person would write it: `64 MiB`, or plain bytes.
pub fn show_size(bytes: u64) -> String {
    let unit = BINARY.iter().rev().find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor));
    unit.map_or_else(|| bytes.to_string(), |(name, factor)| format!("{} {name}", bytes / factor))
}

/// A duration, to the millisecond.
pub fn duration(text: &str) -> Result<Duration, Mistake> {
    let expected = "a duration is a number and one of ms, s, min, h";
    let (number, unit) = split(text).ok_or_else(|| whole(text, format!("`{text}` is no duration")).hint(expected))?;
    if unit.is_empty() {
        return Err(whole(text, "a duration needs a unit").hint(format!("write `{number} s` or `{number} ms`")));
    }
    let factor = time_unit(unit).ok_or_else(|| whole(text, format!("`{unit}` is no unit of time")).hint(expected))?;
    number.checked_mul(factor).map(Duration::from_millis).ok_or_else(|| whole(text, "the duration is too long"))
}

/// `"1000/s"`, `"10/5 min"`
pub fn rate(text: &str) -> Result<Rate, Mistake> {
    let expected = "a rate is a number of calls in a time, as in `1000/s`, `20/min` or `10/5 s`";
    let wrong = || whole(text, format!("`{text}` is no rate")).hint(expected);
    let (calls, period) = text.split_once('/').ok_or_else(wrong)?;
    let calls: u64 = digits(calls.trim()).ok_or_else(wrong)?;
    let period = period.trim();
    let period_ms = match time_unit(period) {
        Some(factor) => factor,
        None => duration(period).map_err(|_| wrong())?.as_millis().try_into().map_err(|_| wrong())?,
    };
    if calls == 0 || period_ms == 0 {
        return Err(whole(text, "a rate of nothing would never let a call through")
            .hint("to allow no calls, write `allow = []`"));
    }
    Ok(Rate { calls, period_ms })
}

fn time_unit(unit: &str) -> Option<u64> {
    lookup(&TIME, unit).or_else(|| lookup(&TIME, unit.strip_suffix('s')?))
}

fn lookup(table: &[(&str, u64)], unit: &str) -> Option<u64> {
    table.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

/// A number and what follows it.
fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '_').unwrap_or(text.len());
    Some((digits(&text[..end])?, text[end..].trim()))
}

fn digits(text: &str) -> Option<u64> {
    let plain: String = text.chars().filter(|char| *char != '_').collect();
    plain.bytes().all(|byte| byte.is_ascii_digit()).then(|| plain.parse().ok()).flatten()
}

fn whole(text: &str, message: impl Into<String>) -> Mistake {
    Mistake::new(0..text.len(), message)
}

/// `did you mean` for a word out of a list, or else the list.
pub fn one_of(word: &str, list: &[&str]) -> String {
    match did_you_mean(word, list.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("one of {}", list.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes() {
        assert_eq!(size("128 MiB"), Ok(128 << 20));
        assert_eq!(size("1_000"), Ok(1000));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size(" 0 B "), Ok(0));
        for wrong in ["", "MiB", "-1", "1.5 MiB", "12 MB", "99999999999999999999", "20000000 TiB", "١ MiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("500 ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("1 min"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("3 minutes"), Ok(Duration::from_secs(180)));
        for wrong in ["", "2", "s", "2 parsecs", "-1 s", "0.5 s", "99999999999999999 h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates() {
        assert_eq!(rate("1000/s"), Ok(Rate { calls: 1000, period_ms: 1000 }));
        assert_eq!(rate("20 / min"), Ok(Rate { calls: 20, period_ms: 60_000 }));
        assert_eq!(rate("10/5 s"), Ok(Rate { calls: 10, period_ms: 5000 }));
        for wrong in ["", "1000", "/s", "x/s", "10/", "10/fortnight", "0/s", "5/0 s", "-1/s"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = (size(&text), duration(&text), rate(&text));
        }
    }
}
